// The bulk data export through the database: each resource once, as of one moment, for the right party, whatever
// happens to the nodes and to the record meanwhile.
#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "gateway/store/paging/closed_rows.hpp"
#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;
using Keys = std::vector<std::string>;

constexpr std::string_view kBase = "https://gw.example";

class ExportPg : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Put("Organization", "ex-o", R"("identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2","value":"1990000010"}])");
    Put("Organization", "ex-other", R"("identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2","value":"1990000028"}])");
    for (const char* n : {"1", "2", "3"}) {
      const std::string_view owner = n == std::string_view("3") ? "ex-other" : "ex-o";
      Put("Patient", fmt::format("ex-p{}", n),
          fmt::format(R"("managingOrganization":{{"reference":"Organization/{}"}},"birthDate":"1960-01-0{}")", owner,
                      n));
      for (int day = 10; day < 30; ++day) {
        Put("Observation", fmt::format("ex-w{}-{}", n, day), Weight(n, day, "final"));
      }
    }
    Put("Group", "ex-g",
        R"("type":"person","actual":true,"member":[{"entity":{"reference":"Patient/ex-p1"}},)"
        R"({"entity":{"reference":"Patient/ex-p2"},"inactive":true}])");
  }

  static std::string Weight(std::string_view patient, int day, std::string_view status) {
    return fmt::format(
        R"("status":"{}","code":{{"coding":[{{"system":"http://loinc.org","code":"29463-7"}}]}},)"
        R"("subject":{{"reference":"Patient/ex-p{}"}},"effectiveDateTime":"2024-05-{}","valueQuantity":{{"value":{}}})",
        status, patient, day, 60 + day);
  }
  static void Put(const std::string& type, const std::string& id, const std::string& members) {
    const Response response =
        TheGateway().Send("", Method::kPut, "/fhir/" + type + "/" + id,
                          fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members));
    ASSERT_LT(response.status, 300) << type << " " << response.body;
  }

  static Response Begin(std::string_view party, const std::string& target) {
    return TheGateway().Send(party, Method::kGet, "/fhir/" + target, "", {{"Prefer", "respond-async"}});
  }
  /// Path of the job that a kick-off made, below the server.
  static std::string Accepted(std::string_view party, const std::string& target) {
    const Response response = Begin(party, target);
    EXPECT_EQ(response.status, 202) << response.body;
    std::string url(response.headers.Get("Content-Location").value_or(""));
    EXPECT_TRUE(url.starts_with(fmt::format("{}/fhir/_job/", kBase))) << url;
    return url.substr(std::min(url.size(), kBase.size()));
  }
  static std::string IdOf(const std::string& job) { return job.substr(job.rfind('/') + 1); }
  static Response Ask(std::string_view party, const std::string& path) {
    return TheGateway().Send(party, Method::kGet, path);
  }

  struct Exported {
    Keys keys;                                               // "Type/id" in the order of files and lines
    std::map<std::string, std::string, std::less<>> bodies;  // by key
    Keys deleted;
    int files = 0;
  };
  /// All files of a job that is done.
  static Exported Download(std::string_view party, const std::string& job) {
    Exported exported;
    const Response manifest = Ask(party, job);
    EXPECT_EQ(manifest.status, 200) << manifest.body;
    EXPECT_EQ(manifest.headers.Get("Content-Type"), "application/json");
    EXPECT_TRUE(manifest.headers.Get("Expires"));
    const auto value = JsonOf(manifest);
    for (const std::string_view list : {"output", "deleted"}) {
      for (const auto& entry : value.Find(list)->items()) {
        ++exported.files;
        const Response file = Ask(party, std::string(entry.FindText("url").substr(kBase.size())));
        EXPECT_EQ(file.status, 200) << file.body;
        EXPECT_EQ(file.headers.Get("Content-Type"), "application/fhir+ndjson");
        std::int64_t lines = 0;
        for (std::string_view rest = file.body; !rest.empty(); ++lines) {
          const std::size_t end = rest.find('\n');
          EXPECT_NE(end, std::string_view::npos);
          const std::string line(rest.substr(0, end));
          rest.remove_prefix(end + 1);
          const auto resource = fhir::json::ReadValue(line);
          EXPECT_TRUE(resource) << line;
          EXPECT_EQ(resource->FindText("resourceType"), entry.FindText("type"));
          if (list == "deleted") {
            const auto& request = *resource->Find("entry")->items()[0].Find("request");
            EXPECT_EQ(request.FindText("method"), "DELETE");
            exported.deleted.emplace_back(request.FindText("url"));
          } else {
            exported.keys.push_back(fmt::format("{}/{}", resource->FindText("resourceType"), resource->FindText("id")));
            exported.bodies[exported.keys.back()] = line;
          }
        }
        EXPECT_EQ(entry.Find("count")->AsInteger(), lines);
      }
    }
    return exported;
  }
  static Exported Export(std::string_view party, const std::string& target) {
    const std::string job = Accepted(party, target);
    TheGateway().RunJobs();
    return Download(party, job);
  }
  static Keys Sorted(Keys keys) {
    std::sort(keys.begin(), keys.end());
    return keys;
  }
  static Keys WeightsOf(std::initializer_list<int> patients) {
    Keys keys;
    for (const int patient : patients) {
      for (int day = 10; day < 30; ++day) {
        keys.push_back(fmt::format("Observation/ex-w{}-{}", patient, day));
      }
    }
    return keys;
  }
  static std::int64_t Count(const std::string& sql) {
    const auto connection = SharedDb().Connect();
    const auto rows = connection->ExecuteAdHoc("count", sql, {});
    EXPECT_TRUE(rows) << rows.error().internal_text.text;
    return rows ? (*rows)[0].Int(0) : -1;
  }
  static support::TestDatabase& SharedDb() { return support::SharedDatabase(); }
};

TEST_F(ExportPg, OfTheSystem_HasEachResourceOnce) {
  const Exported all = Export("", "$export");
  const std::set<std::string> once(all.keys.begin(), all.keys.end());
  EXPECT_EQ(once.size(), all.keys.size());
  // Everything but the audit trail.
  const auto trail = Count("SELECT type FROM resource_version WHERE id LIKE 'ex-%' AND closed_tx IS NULL LIMIT 1");
  ASSERT_GT(trail, 0);
  EXPECT_TRUE(std::ranges::includes(Sorted(all.keys), Sorted(WeightsOf({1, 2, 3}))));
  EXPECT_TRUE(once.contains("Organization/ex-other"));
  EXPECT_TRUE(std::ranges::none_of(once, [](const std::string& key) { return key.starts_with("AuditEvent"); }));
  EXPECT_GT(all.files, 10);  // of 2,000 bytes
  EXPECT_TRUE(all.deleted.empty());
  const Exported trail_too = Export("", "$export?_type=AuditEvent,Patient");
  EXPECT_TRUE(std::ranges::any_of(trail_too.keys, [](const auto& key) { return key.starts_with("AuditEvent"); }));
  EXPECT_TRUE(std::ranges::none_of(trail_too.keys, [](const auto& key) { return key.starts_with("Observation"); }));
}

TEST_F(ExportPg, BodiesAreThoseOfARead) {
  const Exported patients = Export("", "$export?_type=Patient");
  ASSERT_TRUE(patients.bodies.contains("Patient/ex-p1"));
  EXPECT_EQ(patients.bodies.at("Patient/ex-p1"), Ask("", "/fhir/Patient/ex-p1").body);
}

TEST_F(ExportPg, Progress_IsToldUntilItIsDone) {
  const std::string job = Accepted("", "$export?_type=Patient");
  const Response waiting = Ask("", job);
  EXPECT_EQ(waiting.status, 202);
  EXPECT_TRUE(waiting.headers.Get("X-Progress"));
  EXPECT_TRUE(waiting.headers.Get("Retry-After"));
  EXPECT_EQ(Ask("", job + "/0").status, 404);
  TheGateway().RunJobs();
  const auto manifest = JsonOf(Ask("", job));
  EXPECT_EQ(manifest.FindText("request"), "https://gw.example/fhir/$export?_type=Patient");
  EXPECT_EQ(manifest.Find("requiresAccessToken")->AsBoolean(), false);
  EXPECT_FALSE(manifest.FindText("transactionTime").empty());
  EXPECT_TRUE(manifest.Find("error")->items().empty());
  EXPECT_EQ(Ask("", job + "/99").status, 404);
  EXPECT_EQ(Ask("", job + "/x").status, 404);
}

TEST_F(ExportPg, Refusals_NameWhatIsWrong) {
  EXPECT_EQ(TheGateway().Send("", Method::kGet, "/fhir/$export").status, 400);
  EXPECT_EQ(Begin("", "$export?_type=Nothing").status, 400);
  EXPECT_EQ(Begin("", "$export?_outputFormat=text/csv").status, 400);
  EXPECT_EQ(Begin("", "$export?_typeFilter=Observation").status, 400);
  EXPECT_EQ(Begin("", "$export?_typeFilter=Observation%3Fno-such%3D1").status, 400);
  EXPECT_EQ(Begin("", "$export?_type=Patient&_typeFilter=Observation%3Fstatus%3Dfinal").status, 400);
  EXPECT_EQ(Begin("", "$export?patient=Patient/1").status, 400);
  EXPECT_EQ(Begin("", "Group/none/$export").status, 404);
  EXPECT_EQ(Begin("", "$export?_outputFormat=application%2Ffhir%2Bndjson&_type=Basic").status, 202);
  TheGateway().RunJobs();
}

TEST_F(ExportPg, WhatIsWrittenMeanwhile_IsNotInIt) {
  Put("Observation", "ex-w1-10", Weight("1", 10, "final"));
  const std::string job = Accepted("", "$export?_type=Observation&_typeFilter=Observation%3Fstatus%3Dfinal");
  // One step, then a crash: the position is lost with the lease, what the step wrote is not.
  const std::string kinds[] = {"export"};
  const auto first = TheGateway().job_store().Claim(kinds, 1);
  ASSERT_TRUE(first && *first);
  class Run final : public port::JobRun {
    bool Stopping() const override { return false; }
  } run;
  ASSERT_TRUE(TheGateway().exports().Step((*first)->job, run));
  Put("Observation", "ex-w1-10", Weight("1", 10, "amended"));
  Put("Observation", "ex-w1-09", Weight("1", 10, "final"));
  Put("Observation", "ex-w3-99", Weight("3", 10, "final"));
  TheGateway().Send("", Method::kDelete, "/fhir/Observation/ex-w2-15");
  TheGateway().RunJobs();
  // The rows of the status that was are closed; the export still holds them.
  const gateway::store::paging::SweepOptions at_once{.lifetime_ms = 0, .margin_ms = 0, .mark_every_ms = 0};
  ASSERT_TRUE(gateway::store::paging::SweepClosedRows(TheGateway().pool(), at_once));
  ASSERT_TRUE(gateway::store::paging::SweepClosedRows(TheGateway().pool(), at_once));
  const Exported exported = Download("", job);
  EXPECT_EQ(Sorted(exported.keys), Sorted(WeightsOf({1, 2, 3})));
  EXPECT_NE(exported.bodies.at("Observation/ex-w1-10").find(R"("status":"final")"), std::string::npos);
  // Once the export is gone, so are the rows it kept, and a link to its files is refused.
  EXPECT_EQ(TheGateway().Send("", Method::kDelete, job).status, 202);
  EXPECT_EQ(Ask("", job).status, 404);
  EXPECT_EQ(Ask("", job + "/0").status, 404);
  EXPECT_EQ(TheGateway().Send("", Method::kDelete, job).status, 404);
  gateway::jobs::Worker worker(TheGateway().job_store(), {&TheGateway().exports()});
  ASSERT_TRUE(worker.ForgetExpired(100));
  EXPECT_EQ(Count(fmt::format("SELECT count(*) FROM job_file WHERE job_id = '{}'", IdOf(job))), 0);
  EXPECT_EQ(Count(fmt::format("SELECT count(*) FROM snapshot_hold WHERE job_id = '{}'", IdOf(job))), 0);
  Put("Observation", "ex-w2-15", Weight("2", 15, "final"));
  Put("Observation", "ex-w1-10", Weight("1", 10, "final"));
  TheGateway().Send("", Method::kDelete, "/fhir/Observation/ex-w1-09");
  TheGateway().Send("", Method::kDelete, "/fhir/Observation/ex-w3-99");
}

TEST_F(ExportPg, StateThatIsNotKeptAnyMore_Is410) {
  const std::string job = Accepted("", "$export?_type=Patient");
  TheGateway().RunJobs();
  EXPECT_EQ(Ask("", job + "/0").status, 200);
  auto connection = SharedDb().Connect();
  ASSERT_TRUE(connection->ExecuteScript("test", "UPDATE job_file SET print = 'of other rights'"));
  EXPECT_EQ(Ask("", job + "/0").status, 410);
  const std::string late = Accepted("", "$export?_type=Patient");
  TheGateway().RunJobs();
  ASSERT_TRUE(connection->ExecuteScript("test", "DELETE FROM closed_row_mark; UPDATE snapshot_hold SET until = now()"));
  Put("Patient", "ex-p1", R"("managingOrganization":{"reference":"Organization/ex-o"},"birthDate":"1961-01-01")");
  const gateway::store::paging::SweepOptions at_once{.lifetime_ms = 0, .margin_ms = 0, .mark_every_ms = 0};
  ASSERT_TRUE(gateway::store::paging::SweepClosedRows(TheGateway().pool(), at_once));
  EXPECT_EQ(Ask("", late + "/0").status, 410);
}

TEST_F(ExportPg, Party_ExportsWhatItMayReadAndSeesItsOwnJobsAlone) {
  const std::string job = Accepted("hospital-a", "$export?_type=Patient,Observation,Claim");
  TheGateway().RunJobs();
  const Exported own = Download("hospital-a", job);
  Keys expected = WeightsOf({1, 2});
  expected.insert(expected.end(), {"Patient/ex-p1", "Patient/ex-p2"});
  EXPECT_EQ(Sorted(own.keys), Sorted(expected));
  EXPECT_EQ(JsonOf(Ask("hospital-a", job)).Find("requiresAccessToken")->AsBoolean(), true);
  for (const std::string_view other : {"hospital-b", "operator-o", ""}) {
    EXPECT_EQ(Ask(other, job).status, 404);
    EXPECT_EQ(Ask(other, job + "/0").status, 404);
    EXPECT_EQ(TheGateway().Send(other, Method::kDelete, job).status, 404);
  }
  EXPECT_EQ(Ask("hospital-a", job).status, 200);
}

TEST_F(ExportPg, OfPatients_IsTheirCompartments) {
  const Exported exported = Export("", "Patient/$export");
  EXPECT_TRUE(std::ranges::includes(Sorted(exported.keys), Sorted(WeightsOf({1, 2, 3}))));
  EXPECT_TRUE(exported.bodies.contains("Patient/ex-p3"));
  EXPECT_TRUE(exported.bodies.contains("Group/ex-g"));  // a member makes it part of the compartment
  EXPECT_FALSE(exported.bodies.contains("Organization/ex-o"));
  EXPECT_TRUE(Export("", "Patient/$export?_type=Organization").bodies.contains("Organization/ex-o"));
}

TEST_F(ExportPg, OfAGroup_IsThatOfItsActiveMembers) {
  const Exported exported = Export("", "Group/ex-g/$export?_type=Patient,Observation");
  Keys expected = WeightsOf({1});
  expected.emplace_back("Patient/ex-p1");
  EXPECT_EQ(Sorted(exported.keys), Sorted(expected));
}

TEST_F(ExportPg, Since_BringsWhatChangedAndWhatWasDeleted) {
  Put("Patient", "ex-gone", R"("active":true)");
  const auto gone = JsonOf(Ask("", "/fhir/Patient/ex-gone"));
  const std::string since = gateway::http::PercentEncode(gone.Find("meta")->FindText("lastUpdated"));
  TheGateway().Send("", Method::kDelete, "/fhir/Patient/ex-gone");
  Put("Patient", "ex-late", R"("active":true)");
  const Exported exported = Export("", "$export?_type=Patient&_since=" + since);
  EXPECT_EQ(exported.keys, Keys{"Patient/ex-late"});
  EXPECT_EQ(exported.deleted, Keys{"Patient/ex-gone"});
  // Whose it was nobody can tell: a party that may read some patients hears of no deletion.
  const Exported party = Export("hospital-a", "$export?_type=Patient&_since=" + since);
  EXPECT_TRUE(party.deleted.empty());
  TheGateway().Send("", Method::kDelete, "/fhir/Patient/ex-late");
}

TEST_F(ExportPg, Filters_OfATypeAreAlternatives) {
  const Exported exported = Export(
      "", "$export?_type=Observation,Patient&_typeFilter=" +
              gateway::http::PercentEncode("Observation?date=2024-05-11&patient=ex-p1,Observation?date=2024-05-12,"
                                           "Observation?value-quantity=89&patient=ex-p1,ex-p3"));
  Keys observations;
  std::ranges::copy_if(exported.keys, std::back_inserter(observations),
                       [](const std::string& key) { return key.starts_with("Observation"); });
  EXPECT_EQ(Sorted(observations), (Keys{"Observation/ex-w1-11", "Observation/ex-w1-12", "Observation/ex-w1-29",
                                        "Observation/ex-w2-12", "Observation/ex-w3-12", "Observation/ex-w3-29"}));
  EXPECT_TRUE(exported.bodies.contains("Patient/ex-p2"));
}

TEST_F(ExportPg, Elements_ArePartsMarkedSo) {
  const Exported exported = Export("", "$export?_type=Patient&_elements=birthDate");
  const auto patient = fhir::json::ReadValue(exported.bodies.at("Patient/ex-p2"));
  EXPECT_EQ(patient->FindText("birthDate"), "1960-01-02");
  EXPECT_EQ(patient->Find("managingOrganization"), nullptr);
  EXPECT_EQ(patient->Find("meta")->Find("tag")->items()[0].FindText("code"), "SUBSETTED");
}

TEST_F(ExportPg, OrderByPost_IsTakenAsThatByGet) {
  const Response response =
      TheGateway().Send("", Method::kPost, "/fhir/$export",
                        R"({"resourceType":"Parameters","parameter":[{"name":"_type","valueString":"Patient"}]})",
                        {{"Prefer", "respond-async"}, {"Content-Type", "application/fhir+json"}});
  ASSERT_EQ(response.status, 202) << response.body;
  TheGateway().RunJobs();
  const std::string job(response.headers.Get("Content-Location")->substr(kBase.size()));
  EXPECT_TRUE(Download("", job).bodies.contains("Patient/ex-p1"));
}

}  // namespace
}  // namespace tests::rest
