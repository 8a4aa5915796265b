// $everything, $lastn and $meta through the database: the right resources, in one statement, for the right party.
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;
using Keys = std::vector<std::string>;

class EverythingPg : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Put("Organization", "ev-o", R"("identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2","value":"1990000010"}])");
    Put("Organization", "ev-other", R"("name":"Other")");
    Put("Practitioner", "ev-dr", R"("active":true)");
    Put("Practitioner", "ev-unseen", R"("active":true)");
    Put("Location", "ev-room", R"("name":"Room")");
    Put("Medication", "ev-drug", R"("status":"active")");
    for (const char* n : {"1", "2"}) {
      const std::string patient = fmt::format(R"("subject":{{"reference":"Patient/ev-p{}"}})", n);
      Put("Patient", fmt::format("ev-p{}", n), R"("managingOrganization":{"reference":"Organization/ev-o"})");
      Put("Encounter", fmt::format("ev-e{}", n),
          fmt::format(
              R"("status":"finished","class":{{"code":"AMB"}},{},"period":{{"start":"2024-05-10","end":"2024-05-12"}},)"
              R"("participant":[{{"individual":{{"reference":"Practitioner/ev-dr"}}}}],)"
              R"("location":[{{"location":{{"reference":"Location/ev-room"}}}}])",
              patient));
      for (const char* day : {"10", "20"}) {
        Put("Observation", fmt::format("ev-w{}-{}", n, day),
            fmt::format(R"("status":"final","code":{{"coding":[{{"system":"http://loinc.org","code":"29463-7"}}]}},{},)"
                        R"("category":[{{"coding":[{{"code":"vital-signs"}}]}}],)"
                        R"("encounter":{{"reference":"Encounter/ev-e{}"}},"effectiveDateTime":"2024-05-{}")",
                        patient, n, day));
      }
      Put("MedicationRequest", fmt::format("ev-m{}", n),
          fmt::format(
              R"("status":"active","intent":"order","medicationReference":{{"reference":"Medication/ev-drug"}},)"
              R"({},"authoredOn":"2024-05-11")",
              patient));
      Put("AllergyIntolerance", fmt::format("ev-a{}", n),
          fmt::format(R"("patient":{{"reference":"Patient/ev-p{}"}},"recordedDate":"1999-01-01")", n));
    }
  }

  static void Put(const std::string& type, const std::string& id, const std::string& members) {
    const Response response =
        TheGateway().Send("", Method::kPut, "/fhir/" + type + "/" + id,
                          fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members));
    ASSERT_LT(response.status, 300) << type << " " << response.body;
  }
  static Response Ask(std::string_view party, const std::string& target) {
    return TheGateway().Send(party, Method::kGet, "/fhir/" + target);
  }
  /// "Type/id" of every entry, in order, over all pages.
  static Keys Walk(std::string_view party, std::string target, int pages_expected = 0) {
    Keys keys;
    int pages = 0;
    while (!target.empty() && pages < 1000) {
      const Response response = Ask(party, target);
      EXPECT_EQ(response.status, 200) << response.body.substr(0, 500);
      const auto bundle = JsonOf(response);
      if (const auto* entries = bundle.Find("entry")) {
        for (const auto& entry : entries->items()) {
          const auto* resource = entry.Find("resource");
          keys.push_back(fmt::format("{}/{}", resource->FindText("resourceType"), resource->FindText("id")));
        }
      }
      target.clear();
      for (const auto& link : bundle.Find("link")->items()) {
        if (link.FindText("relation") == "next") {
          target = link.FindText("url").substr(std::string_view("https://gw.example/fhir/").size());
        }
      }
      ++pages;
    }
    if (pages_expected > 0) {
      EXPECT_EQ(pages, pages_expected);
    }
    return keys;
  }
  static Keys Sorted(Keys keys) {
    std::sort(keys.begin(), keys.end());
    return keys;
  }
};

const Keys kOfOne = {"AllergyIntolerance/ev-a1", "Encounter/ev-e1",         "Location/ev-room",
                     "Medication/ev-drug",       "MedicationRequest/ev-m1", "Observation/ev-w1-10",
                     "Observation/ev-w1-20",     "Organization/ev-o",       "Patient/ev-p1",
                     "Practitioner/ev-dr"};

TEST_F(EverythingPg, OfAPatient_IsTheCompartmentAndWhatItRefersTo) {
  const Keys keys = Walk("", "Patient/ev-p1/$everything");
  EXPECT_EQ(Sorted(keys), kOfOne);
  EXPECT_EQ(keys.front(), "Patient/ev-p1");
}

TEST_F(EverythingPg, Pages_HoldTheSame_OneStatementEach) {
  EXPECT_EQ(Sorted(Walk("", "Patient/ev-p1/$everything?_count=3", 4)), kOfOne);
  EXPECT_EQ(Sorted(Walk("", "Patient/ev-p1/$everything?_count=1", 10)), kOfOne);
  const Response first = Ask("", "Patient/ev-p1/$everything?_count=3");
  const std::string body = first.body;
  const auto at = body.find("_cursor=");
  const std::string cursor = body.substr(at, body.find('"', at) - at);
  EXPECT_EQ(Ask("", "Patient/ev-p2/$everything?_count=3&" + cursor).status, 400) << "of another question";
}

TEST_F(EverythingPg, TypeAndDates_Narrow) {
  EXPECT_EQ(Walk("", "Patient/ev-p1/$everything?_type=Observation,Practitioner"),
            (Keys{"Observation/ev-w1-10", "Observation/ev-w1-20", "Practitioner/ev-dr"}));
  EXPECT_EQ(Sorted(Walk("", "Patient/ev-p1/$everything?start=2024-05-15&end=2024-05-31")),
            (Keys{"AllergyIntolerance/ev-a1", "Observation/ev-w1-20", "Organization/ev-o", "Patient/ev-p1"}))
      << "care of those days; an allergy is in scope whenever it was recorded";
  EXPECT_EQ(Walk("", "Patient/ev-p1/$everything?_since=2099-01-01T00:00:00Z"), Keys{});
}

TEST_F(EverythingPg, TheTrail_IsThereForWhoAsksForIt) {
  const Keys trail = Walk("", "Patient/ev-p1/$everything?_type=AuditEvent");
  ASSERT_FALSE(trail.empty());
  EXPECT_TRUE(std::all_of(trail.begin(), trail.end(), [](const auto& key) { return key.starts_with("AuditEvent/"); }));
}

TEST_F(EverythingPg, OfAnEncounter_IsItsCompartmentWithThePatient) {
  EXPECT_EQ(Sorted(Walk("", "Encounter/ev-e1/$everything")),
            (Keys{"Encounter/ev-e1", "Location/ev-room", "Observation/ev-w1-10", "Observation/ev-w1-20",
                  "Patient/ev-p1", "Practitioner/ev-dr"}));
}

TEST_F(EverythingPg, OfAll_IsEveryPatientsRecordOnce) {
  Keys keys = Walk("", "Patient/$everything?_count=7&_type=Patient,Encounter,Observation,Practitioner,Location");
  std::erase_if(keys, [](const std::string& key) { return key.find("/ev-") == std::string::npos; });
  EXPECT_EQ(Sorted(keys), (Keys{"Encounter/ev-e1", "Encounter/ev-e2", "Location/ev-room", "Observation/ev-w1-10",
                                "Observation/ev-w1-20", "Observation/ev-w2-10", "Observation/ev-w2-20", "Patient/ev-p1",
                                "Patient/ev-p2", "Practitioner/ev-dr"}));
}

TEST_F(EverythingPg, OfAPatientThatIsDeletedOrNotGranted_Is410Or404) {
  Put("Patient", "ev-gone", R"("active":true)");
  EXPECT_EQ(TheGateway().Send("", Method::kDelete, "/fhir/Patient/ev-gone").status, 204);
  EXPECT_EQ(Ask("", "Patient/ev-gone/$everything").status, 410);
  EXPECT_GE(Ask("insurer-amo", "Patient/ev-p1/$everything").status, 403);
  EXPECT_GE(Ask("operator-o", "Patient/ev-p1/$everything").status, 403);
  EXPECT_EQ(Walk("operator-o", "Patient/$everything"), Keys{}) << "an operator sees no record";
}

TEST_F(EverythingPg, AParty_SeesItsPart_AndNobodyThroughWhatItDoesNotSee) {
  // The patient sees a report about itself, and no Observation of somebody else; whom it may not see stays out.
  Put("Patient", "ev-self", R"("identifier":[{"system":"urn:test:ipp","value":"P1"}])");
  Put("DocumentReference", "ev-doc",
      R"("status":"current","subject":{"reference":"Patient/ev-self"},"author":[{"reference":"Practitioner/ev-dr"}],)"
      R"("content":[{"attachment":{"contentType":"text/plain","url":"Binary/none"}}])");
  const Keys whole = Walk("", "Patient/ev-self/$everything");
  const Keys own = Walk("patient-1", "Patient/ev-self/$everything");
  ASSERT_FALSE(own.empty());
  for (const std::string& key : own) {
    EXPECT_NE(std::find(whole.begin(), whole.end(), key), whole.end()) << key;
    const Response read = Ask("patient-1", key);
    EXPECT_EQ(read.status, 200) << key << " is not the party's to read";
  }
  EXPECT_EQ(Ask("patient-2", "Patient/ev-self/$everything").status, 404);
}

TEST_F(EverythingPg, Lastn_TakesTheNewestOfEachCode) {
  Put("Observation", "ev-both",
      R"("status":"final","code":{"coding":[{"system":"urn:local","code":"weight"},{"system":"http://loinc.org",)"
      R"("code":"29463-7"}]},"category":[{"coding":[{"code":"vital-signs"}]}],)"
      R"("subject":{"reference":"Patient/ev-p2"},"effectiveDateTime":"2024-05-15")");
  Put("Observation", "ev-local",
      R"("status":"final","code":{"coding":[{"system":"urn:local","code":"weight"}]},)"
      R"("category":[{"coding":[{"code":"vital-signs"}]}],)"
      R"("subject":{"reference":"Patient/ev-p2"},"effectiveDateTime":"2024-05-25")");
  Put("Observation", "ev-pulse",
      R"("status":"final","code":{"coding":[{"system":"http://loinc.org","code":"8867-4"}]},)"
      R"("category":[{"coding":[{"code":"vital-signs"}]}],)"
      R"("subject":{"reference":"Patient/ev-p2"},"effectiveDateTime":"2024-05-01")");
  const std::string base = "Observation/$lastn?patient=ev-p2&category=vital-signs";
  EXPECT_EQ(IdsOf(Ask("", base)), (Keys{"ev-local", "ev-pulse"})) << "codes that share a resource are one group";
  EXPECT_EQ(IdsOf(Ask("", base + "&max=2")), (Keys{"ev-local", "ev-w2-20", "ev-pulse"}));
  EXPECT_EQ(IdsOf(Ask("", base + "&max=9")), (Keys{"ev-local", "ev-w2-20", "ev-both", "ev-w2-10", "ev-pulse"}));
  EXPECT_EQ(IdsOf(Ask("", base + "&code=8867-4")), Keys{"ev-pulse"});
  const Response insurer = Ask("insurer-amo", base);
  EXPECT_TRUE(insurer.status == 403 || IdsOf(insurer).empty());
}

TEST_F(EverythingPg, Lastn_WordsGroupOnlyWhatHasNoCode) {
  Put("Patient", "ev-words", R"("active":true)");
  const auto put = [](std::string_view id, std::string_view code, std::string_view day) {
    Put("Observation", std::string(id),
        fmt::format(R"("status":"final","code":{{{}}},"category":[{{"coding":[{{"code":"exam"}}]}}],)"
                    R"("subject":{{"reference":"Patient/ev-words"}},"effectiveDateTime":"2024-05-{}")",
                    code, day));
  };
  put("ev-x-pulse", R"("coding":[{"system":"http://loinc.org","code":"8867-4"}],"text":"Pouls")", "09");
  put("ev-x-sugar", R"("coding":[{"system":"http://loinc.org","code":"2339-0"}],"text":"Dextro")", "08");
  put("ev-x-sugar-same-words", R"("coding":[{"system":"http://loinc.org","code":"2345-7"}],"text":"Dextro")", "07");
  put("ev-x-gait", R"("text":"Gait")", "06");
  put("ev-x-gait-older", R"("text":"Gait")", "05");
  put("ev-x-mood", R"("text":"Mood")", "04");
  put("ev-x-words-of-a-code", R"("text":"Pouls")", "03");
  const std::string base = "Observation/$lastn?patient=ev-words&category=exam";
  EXPECT_EQ(IdsOf(Ask("", base)), (Keys{"ev-x-pulse", "ev-x-sugar", "ev-x-sugar-same-words", "ev-x-gait", "ev-x-mood",
                                        "ev-x-words-of-a-code"}));
  EXPECT_EQ(IdsOf(Ask("", base + "&max=2")), (Keys{"ev-x-pulse", "ev-x-sugar", "ev-x-sugar-same-words", "ev-x-gait",
                                                   "ev-x-gait-older", "ev-x-mood", "ev-x-words-of-a-code"}));
}

TEST_F(EverythingPg, Meta_InUse_IsWhatThePartySees) {
  Put("Basic", "ev-basic",
      R"("code":{"text":"x"},"meta":{"profile":["urn:ev:profile"],"tag":[{"system":"urn:ev","code":"t"}],)"
      R"("security":[{"system":"urn:ev","code":"R"}]})");
  const Response all = Ask("", "Basic/$meta");
  for (const char* expected : {"urn:ev:profile", R"("tag":[{"system":"urn:ev","code":"t"}])",
                               R"("security":[{"system":"urn:ev","code":"R"}])"}) {
    EXPECT_NE(all.body.find(expected), std::string::npos) << all.body;
  }
  EXPECT_NE(Ask("", "$meta").body.find("urn:ev:profile"), std::string::npos);
  EXPECT_EQ(Ask("insurer-amo", "Basic/$meta").body.find("urn:ev"), std::string::npos);
  EXPECT_EQ(Ask("insurer-amo", "$meta").body.find("urn:ev"), std::string::npos);
}

TEST_F(EverythingPg, MetaAdd_ChangesWhatSearchFinds_AndIsRecorded) {
  Put("Basic", "ev-tagged", R"("code":{"text":"x"})");
  const Response added = TheGateway().Send(
      "", Method::kPost, "/fhir/Basic/ev-tagged/$meta-add",
      R"({"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":{"tag":[{"system":"urn:ev","code":"new"}]}}]})");
  ASSERT_EQ(added.status, 200) << added.body;
  EXPECT_EQ(IdsOf(Ask("", "Basic?_tag=urn:ev|new")), Keys{"ev-tagged"});
  EXPECT_EQ(IdsOf(Ask("", "AuditEvent?entity=Basic/ev-tagged")).size(), 3u)
      << "the create, the change, and the search that found it";
}

}  // namespace
}  // namespace tests::rest
