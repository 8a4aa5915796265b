// $expunge in the background: a patient's record goes step by step, whichever node does the steps.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr int kObservations = 10;

class ExpungeJobPg : public testing::Test {
 protected:
  static void Put(const std::string& type, const std::string& id, const std::string& members) {
    const Response response =
        TheGateway().Send("", Method::kPut, "/fhir/" + type + "/" + id,
                          fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members));
    ASSERT_LT(response.status, 300) << type << " " << response.body;
  }

  static void PutRecord(const std::string& patient) {
    Put("Patient", patient, R"("active":true)");
    for (int i = 0; i < kObservations; ++i) {
      Put("Observation", fmt::format("{}-o{}", patient, i),
          fmt::format(R"("status":"preliminary","code":{{"text":"x"}},"subject":{{"reference":"Patient/{}"}})",
                      patient));
    }
  }

  static Response Begin(std::string_view party, const std::string& path, const std::string& parameters) {
    return TheGateway().Send(party, Method::kPost, "/fhir/" + path + "/$expunge",
                             R"({"resourceType":"Parameters","parameter":[)" + parameters + "]}",
                             {{"Prefer", "respond-async"}, {"Content-Type", "application/fhir+json"}});
  }
  static std::string JobOf(const Response& response) {
    EXPECT_EQ(response.status, 202) << response.body;
    const std::string url(response.headers.Get("Content-Location").value_or(""));
    EXPECT_THAT(url, StartsWith("https://gw.example/fhir/_job/"));
    return url.substr(std::min(url.size(), std::string_view("https://gw.example").size()));
  }
  static Response Get(std::string_view party, const std::string& path) {
    return TheGateway().Send(party, Method::kGet, path);
  }
  static std::size_t ObservationsOf(const std::string& patient) {
    return IdsOf(Get("", "/fhir/Observation?_count=100&patient=" + patient)).size();
  }

  inline static const std::string kCompartment = R"({"name":"expungeCompartment","valueBoolean":true})";
};

TEST_F(ExpungeJobPg, ARecord_GoesStepByStep_AndItsNewsIsTheOperations) {
  PutRecord("xj-1");
  const std::string job = JobOf(Begin("operator-o", "Patient/xj-1", kCompartment));
  const Response waiting = Get("operator-o", job);
  EXPECT_EQ(waiting.status, 202);
  EXPECT_EQ(waiting.headers.Get("X-Progress"), "accepted");
  EXPECT_EQ(Get("", "/fhir/Patient/xj-1").status, 200) << "nothing is done before the job is worked at";
  EXPECT_EQ(Get("hospital-a", job).status, 404);
  TheGateway().RunJobs();
  const Response done = Get("operator-o", job);
  EXPECT_EQ(done.status, 200);
  EXPECT_THAT(done.body, HasSubstr(fmt::format(R"("name":"count","valueInteger":{})", kObservations + 1)));
  EXPECT_THAT(done.body, HasSubstr(R"("name":"complete","valueBoolean":true)"));
  EXPECT_EQ(Get("", "/fhir/Patient/xj-1").status, 404);
  EXPECT_EQ(ObservationsOf("xj-1"), 0u);
  EXPECT_FALSE(IdsOf(Get("", "/fhir/AuditEvent?entity=Patient/xj-1&action=D&altid=operator-o")).empty())
      << "who erased what stays";
}

TEST_F(ExpungeJobPg, NodeThatEndsAfterAStep_IsFollowedByOneThatGoesOn) {
  PutRecord("xj-2");
  const std::string job = JobOf(Begin("operator-o", "Patient/xj-2", kCompartment));
  const std::string kinds[] = {"expunge"};
  const auto claim = TheGateway().job_store().Claim(kinds, 1);
  ASSERT_TRUE(claim && *claim);
  class Run final : public port::JobRun {
    bool Stopping() const override { return false; }
  } run;
  const auto step = TheGateway().expunges().Step((*claim)->job, run);
  ASSERT_TRUE(step) << step.error().public_text.text;
  EXPECT_FALSE(step->finished);
  EXPECT_EQ(step->done, 3) << "a step is bounded";
  EXPECT_EQ(ObservationsOf("xj-2"), kObservations - 3u) << "and what it did is committed";
  // Its position was never stored: the lease ends, and another node does the next step.
  TheGateway().RunJobs();
  EXPECT_THAT(Get("operator-o", job).body, HasSubstr(R"("name":"complete","valueBoolean":true)"));
  EXPECT_EQ(Get("", "/fhir/Patient/xj-2").status, 404);
  EXPECT_EQ(ObservationsOf("xj-2"), 0u);
}

TEST_F(ExpungeJobPg, Limit_HoldsOverAllSteps) {
  PutRecord("xj-3");
  const std::string job =
      JobOf(Begin("operator-o", "Patient/xj-3", kCompartment + R"(,{"name":"limit","valueInteger":7})"));
  TheGateway().RunJobs();
  const Response done = Get("operator-o", job);
  EXPECT_THAT(done.body, HasSubstr(R"("name":"count","valueInteger":7)"));
  EXPECT_THAT(done.body, HasSubstr(R"("name":"complete","valueBoolean":false)"));
  EXPECT_EQ(ObservationsOf("xj-3"), kObservations - 7u);
  EXPECT_EQ(Get("", "/fhir/Patient/xj-3").status, 200);
}

TEST_F(ExpungeJobPg, WhoMayNotAndWhatIsWrong_IsRefusedBeforeThereIsAJob) {
  PutRecord("xj-4");
  EXPECT_EQ(Begin("hospital-a", "Patient/xj-4", kCompartment).status, 403);
  EXPECT_EQ(Begin("operator-o", "Patient/xj-4", R"({"name":"expungeAll","valueBoolean":true})").status, 400);
  EXPECT_EQ(Begin("operator-o", "Observation", R"({"name":"expungePreviousVersions","valueBoolean":true})").status, 403)
      << "by type is switched off";
  TheGateway().RunJobs();
  EXPECT_EQ(ObservationsOf("xj-4"), static_cast<std::size_t>(kObservations));
}

}  // namespace
}  // namespace tests::rest
