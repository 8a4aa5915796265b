// $import through the database: what files bring is there, once, and what they cannot bring is told by line.
#include <fmt/format.h>

#include "tests/gateway/rest/bulk_import/file_server.hpp"
#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;

constexpr std::string_view kHost = "https://gw.example";
const std::string kPatients = "https://files.example/in/patients.ndjson";
const std::string kWeights = "https://files.example/in/weights.ndjson";

class ImportPg : public testing::Test {
 protected:
  ImportPg() { TheGateway().fetch = server_.fetch(); }

  static std::string OrderOf(const std::vector<std::pair<std::string, std::string>>& inputs) {
    std::string text =
        R"({"resourceType":"Parameters","parameter":[{"name":"inputFormat","valueCode":"application/fhir+ndjson"},)"
        R"({"name":"inputSource","valueUri":"https://files.example"})";
    for (const auto& [type, url] : inputs) {
      text += fmt::format(
          R"(,{{"name":"input","part":[{{"name":"type","valueCode":"{}"}},{{"name":"url","valueUri":"{}"}}]}})", type,
          url);
    }
    return text + "]}";
  }
  static Response Order(std::string_view party, const std::string& body, bool later = true) {
    HeaderFields fields{{"Content-Type", "application/fhir+json"}};
    if (later) {
      fields.emplace_back("Prefer", "respond-async");
    }
    return TheGateway().Send(party, Method::kPost, "/fhir/$import", body, std::move(fields));
  }
  static std::string Accepted(std::string_view party, const std::vector<std::pair<std::string, std::string>>& inputs) {
    const Response response = Order(party, OrderOf(inputs));
    EXPECT_EQ(response.status, 202) << response.body;
    const std::string url(response.headers.Get("Content-Location").value_or(""));
    return url.substr(std::min(url.size(), kHost.size()));
  }
  static Response Ask(std::string_view party, const std::string& path) {
    return TheGateway().Send(party, Method::kGet, path);
  }
  static std::int64_t CountOf(const fhir::json::Value& manifest, std::size_t input, std::string_view name) {
    return manifest.Find("output")->items()[input].Find(name)->AsInteger().value_or(-1);
  }
  static std::string VersionOf(const std::string& path) {
    return std::string(JsonOf(Ask("", "/fhir/" + path)).Find("meta")->FindText("versionId"));
  }

  FileServer server_;
};

TEST_F(ImportPg, Files_AreLoadedOnceHoweverOftenTheyAreAskedFor) {
  std::string patients;
  std::string weights;
  for (int n = 0; n < 10; ++n) {
    patients += fmt::format(R"({{"resourceType":"Patient","id":"im-p{}","birthDate":"1970-01-01"}})", n) + "\n";
    weights += fmt::format(R"({{"resourceType":"Observation","status":"final","code":{{"text":"weight"}},)"
                           R"("subject":{{"reference":"Patient/im-p{}"}}}})",
                           n) +
               "\n";
  }
  server_.files[kPatients] = patients;
  server_.files[kWeights] = weights;
  for (int round = 0; round < 2; ++round) {
    const std::string job = Accepted("", {{"Patient", kPatients}, {"Observation", kWeights}});
    EXPECT_EQ(Ask("", job).status, 202);
    TheGateway().RunJobs();
    const Response done = Ask("", job);
    ASSERT_EQ(done.status, 200) << done.body;
    const auto manifest = JsonOf(done);
    EXPECT_EQ(CountOf(manifest, 0, "count"), 10);
    EXPECT_EQ(CountOf(manifest, 1, "count"), 10);
    EXPECT_EQ(CountOf(manifest, 1, "failed"), 0);
    EXPECT_TRUE(manifest.Find("error")->items().empty());
    EXPECT_EQ(manifest.Find("output")->items()[1].FindText("inputUrl"), kWeights);
    // Without ids of their own, and still there once.
    EXPECT_EQ(IdsOf(Ask("", "/fhir/Observation?patient:Patient._id=im-p3")).size(), 1u);
    EXPECT_EQ(VersionOf("Patient/im-p3"), "1");
  }
  EXPECT_GT(server_.requests, 8);  // pieces of 500 bytes
}

TEST_F(ImportPg, StepDoneAgainAfterACrash_WritesNothingTwice) {
  std::string weights;
  for (int n = 0; n < 8; ++n) {
    weights +=
        fmt::format(R"({{"resourceType":"Basic","code":{{"text":"im-crash"}},"created":"2024-01-0{}"}})", n + 1) + "\n";
  }
  server_.files[kWeights] = weights;
  const std::string job = Accepted("", {{"Basic", kWeights}});
  const std::string kinds[] = {"import"};
  const auto claimed = TheGateway().job_store().Claim(kinds, 1);
  ASSERT_TRUE(claimed && *claimed);
  class Run final : public port::JobRun {
    bool Stopping() const override { return false; }
  } run;
  const auto step = TheGateway().imports().Step((*claimed)->job, run);  // its position is never stored
  ASSERT_TRUE(step) << step.error().public_text.text;
  EXPECT_GT(step->done, 0);
  TheGateway().RunJobs();
  ASSERT_EQ(Ask("", job).status, 200);
  EXPECT_EQ(IdsOf(Ask("", "/fhir/Basic?created=ge2024-01-01")).size(), 8u);
}

TEST_F(ImportPg, LinesThatCannotBeLoaded_AreToldAndTheOthersAre) {
  server_.files[kPatients] = R"({"resourceType":"Patient","id":"im-good1"})"
                             "\n"
                             R"({"resourceType":"Patient","id":"im-bad","birthDate":"yesterday"})"
                             "\n\nno json\n"
                             R"({"resourceType":"Basic","code":{"text":"x"}})"
                             "\n"
                             R"({"resourceType":"Patient","id":"im-good2"})";
  const std::string job = Accepted("", {{"Patient", kPatients}});
  TheGateway().RunJobs();
  const auto manifest = JsonOf(Ask("", job));
  EXPECT_EQ(CountOf(manifest, 0, "count"), 2);
  EXPECT_EQ(CountOf(manifest, 0, "failed"), 3);
  std::string errors;
  for (const auto& entry : manifest.Find("error")->items()) {
    const Response file = Ask("", std::string(entry.FindText("url").substr(kHost.size())));
    EXPECT_EQ(file.status, 200);
    EXPECT_EQ(file.headers.Get("Content-Type"), "application/fhir+ndjson");
    errors += file.body;
  }
  EXPECT_EQ(std::ranges::count(errors, '\n'), 3);
  for (const char* place : {"line 2 of input 1", "line 4 of input 1", "line 5 of input 1"}) {
    EXPECT_NE(errors.find(place), std::string::npos) << place << "\n" << errors;
  }
  EXPECT_EQ(errors.find("yesterday"), std::string::npos);
  EXPECT_EQ(Ask("", "/fhir/Patient/im-good2").status, 200);
  EXPECT_EQ(Ask("", "/fhir/Patient/im-bad").status, 404);
  EXPECT_EQ(Ask("hospital-a", job + "/0").status, 404);
  EXPECT_EQ(Ask("", job + "/99").status, 404);
}

TEST_F(ImportPg, Party_WritesWhatItMayWrite) {
  server_.files[kPatients] = R"({"resourceType":"Patient","id":"im-forbidden"})";
  const std::string job = Accepted("insurer-amo", {{"Patient", kPatients}});
  TheGateway().RunJobs();
  const auto manifest = JsonOf(Ask("insurer-amo", job));
  EXPECT_EQ(CountOf(manifest, 0, "count"), 0);
  EXPECT_EQ(CountOf(manifest, 0, "failed"), 1);
  EXPECT_EQ(Ask("", "/fhir/Patient/im-forbidden").status, 404);
  EXPECT_EQ(Ask("", job).status, 404);
}

TEST_F(ImportPg, SourceThatIsNotAllowed_IsRefusedByTheNameOfTheSettingAndNotAsked) {
  for (const char* url : {"https://elsewhere.example/in/a", "http://127.0.0.1/", "https://files.example/in/../a"}) {
    const Response refused = Order("", OrderOf({{"Patient", url}}));
    EXPECT_EQ(refused.status, 403) << url;
    EXPECT_NE(refused.body.find("jobs.import_sources"), std::string::npos);
  }
  EXPECT_EQ(server_.requests, 0);
}

TEST_F(ImportPg, Orders_ThatSayTooLittleAreRefused) {
  EXPECT_EQ(Order("", OrderOf({{"Patient", kPatients}}), false).status, 400);
  EXPECT_EQ(Order("", OrderOf({})).status, 400);
  EXPECT_EQ(Order("", OrderOf({{"Nothing", kPatients}})).status, 400);
  EXPECT_EQ(Order("", R"({"resourceType":"Patient"})").status, 400);
  EXPECT_EQ(
      Order("", R"({"resourceType":"Parameters","parameter":[{"name":"inputFormat","valueCode":"text/csv"}]})").status,
      400);
}

TEST_F(ImportPg, SourceThatRefuses_FailsTheJobWithoutMore) {
  const std::string job = Accepted("", {{"Patient", "https://files.example/in/none"}});
  TheGateway().RunJobs();
  const Response failed = Ask("", job);
  EXPECT_EQ(failed.status, 500);
  EXPECT_NE(failed.body.find("input 1: the source answers 404"), std::string::npos) << failed.body;
}

}  // namespace
}  // namespace tests::rest
