// Prefer: respond-async: the answer that would have come at once comes later, to the same party, and to it alone.
#include <fmt/format.h>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;

constexpr std::string_view kServer = "https://gw.example";

class AsyncPg : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    Put("Organization", "as-o", R"("identifier":[{"system":"urn:oid:1.2.250.1.71.4.2.2","value":"1990000028"}])");
    Put("Patient", "as-own",
        R"("managingOrganization":{"reference":"Organization/as-o"},"name":[{"family":"Asynchrone"}])");
    Put("Patient", "as-other", R"("name":[{"family":"Asynchrone"}])");
  }
  static void Put(const std::string& type, const std::string& id, const std::string& members) {
    const Response response =
        TheGateway().Send("", Method::kPut, "/fhir/" + type + "/" + id,
                          fmt::format(R"({{"resourceType":"{}","id":"{}",{}}})", type, id, members));
    ASSERT_LT(response.status, 300) << response.body;
  }

  static std::string Begin(std::string_view party, const std::string& target, Method method = Method::kGet,
                           const std::string& body = "", HeaderFields fields = {}) {
    fields.emplace_back("Prefer", "respond-async");
    const Response response = TheGateway().Send(party, method, "/fhir/" + target, body, std::move(fields));
    EXPECT_EQ(response.status, 202) << response.body;
    const std::string url(response.headers.Get("Content-Location").value_or(""));
    return url.substr(std::min(url.size(), kServer.size()));
  }
  static Response Ask(std::string_view party, const std::string& path) {
    return TheGateway().Send(party, Method::kGet, path);
  }
  /// The one entry of a finished job.
  static fhir::json::Value EntryOf(std::string_view party, const std::string& job) {
    const Response response = Ask(party, job);
    EXPECT_EQ(response.status, 200) << response.body;
    const auto bundle = JsonOf(response);
    EXPECT_EQ(bundle.FindText("type"), "batch-response");
    EXPECT_EQ(bundle.Find("entry")->items().size(), 1u);
    return bundle.Find("entry")->items()[0];
  }
  static std::vector<std::string> IdsIn(const fhir::json::Value& entry) {
    std::vector<std::string> ids;
    if (const auto* entries = entry.Find("resource")->Find("entry")) {
      for (const auto& each : entries->items()) {
        ids.emplace_back(each.Find("resource")->FindText("id"));
      }
    }
    return ids;
  }
};

TEST_F(AsyncPg, Search_IsAnsweredLaterAsItWouldHaveBeen) {
  const std::string job = Begin("", "Patient?family=Asynchrone");
  EXPECT_EQ(Ask("", job).status, 202);
  TheGateway().RunJobs();
  const auto entry = EntryOf("", job);
  EXPECT_EQ(entry.Find("response")->FindText("status"), "200 OK");
  EXPECT_EQ(IdsIn(entry), (std::vector<std::string>{"as-other", "as-own"}));
  EXPECT_EQ(TheGateway().Send("", Method::kDelete, job).status, 202);
  EXPECT_EQ(Ask("", job).status, 404);
}

TEST_F(AsyncPg, SearchByPost_KeepsItsForm) {
  const std::string job = Begin("", "Patient/_search", Method::kPost, "family=Asynchrone&_id=as-own",
                                {{"Content-Type", "application/x-www-form-urlencoded"}});
  TheGateway().RunJobs();
  EXPECT_EQ(IdsIn(EntryOf("", job)), std::vector<std::string>{"as-own"});
}

TEST_F(AsyncPg, Party_GetsWhatItMayReadAndNobodyElseDoes) {
  const std::string job = Begin("hospital-b", "Patient?family=Asynchrone");
  TheGateway().RunJobs();
  EXPECT_EQ(IdsIn(EntryOf("hospital-b", job)), std::vector<std::string>{"as-own"});
  EXPECT_EQ(Ask("hospital-a", job).status, 404);
  EXPECT_EQ(Ask("", job).status, 404);
}

TEST_F(AsyncPg, Erasure_ReachesAnswersThatAreThereAndThoseUnderWay) {
  const auto erase = [](const std::string& id) {
    const Response response = TheGateway().Send(
        "", Method::kPost, "/fhir/Patient/" + id + "/$expunge",
        R"({"resourceType":"Parameters","parameter":[{"name":"expungeCompartment","valueBoolean":true}]})");
    EXPECT_EQ(response.status, 200) << response.body;
  };
  Put("Patient", "as-gone-1", R"("name":[{"family":"Effacement"}])");
  const std::string holds = Begin("", "Patient?family=Effacement");
  const std::string asks = Begin("", "Observation?subject=Patient/as-gone-1");
  const std::string other = Begin("", "Patient?_id=as-own");
  TheGateway().RunJobs();
  EXPECT_EQ(Ask("", holds).status, 200);
  erase("as-gone-1");
  EXPECT_EQ(Ask("", holds).status, 404);
  EXPECT_EQ(Ask("", asks).status, 404);
  EXPECT_EQ(IdsIn(EntryOf("", other)), std::vector<std::string>{"as-own"});
  const auto connection = TheGateway().pool().Acquire();
  ASSERT_TRUE(connection);
  const auto left = (*connection)
                        ->ExecuteAdHoc("left",
                                       "SELECT count(*) FROM job WHERE position('as-gone-1'::bytea IN result) > 0"
                                       " OR position('as-gone-1'::bytea IN parameters) > 0",
                                       {});
  ASSERT_TRUE(left);
  EXPECT_EQ((*left)[0].Int(0), 0);

  // A step that has read the patient, and is not done when the patient goes.
  Put("Patient", "as-gone-2", R"("name":[{"family":"Effacement"}])");
  const std::string under_way = Begin("", "Patient?family=Effacement");
  const std::string kinds[] = {"request"};
  const auto claim = TheGateway().job_store().Claim(kinds, 60'000);
  ASSERT_TRUE(claim);
  ASSERT_TRUE(*claim);
  erase("as-gone-2");
  const auto kept = TheGateway().job_store().Finish(
      **claim, {.finished = true, .position = {}, .done = 1, .total = 1, .result = R"({"id":"as-gone-2"})"});
  ASSERT_TRUE(kept);
  EXPECT_FALSE(*kept);
  TheGateway().RunJobs();
  EXPECT_TRUE(IdsIn(EntryOf("", under_way)).empty());
}

TEST_F(AsyncPg, Failure_IsTheResult) {
  const std::string job = Begin("", "Patient/as-none");
  TheGateway().RunJobs();
  const auto entry = EntryOf("", job);
  EXPECT_EQ(entry.Find("response")->FindText("status"), "404 Not Found");
  EXPECT_EQ(entry.Find("response")->Find("outcome")->FindText("resourceType"), "OperationOutcome");
}

TEST_F(AsyncPg, OperationAndHistory_ComeLaterToo) {
  const std::string everything = Begin("", "Patient/as-own/$everything");
  const std::string history = Begin("", "Patient/as-own/_history");
  TheGateway().RunJobs();
  EXPECT_EQ(IdsIn(EntryOf("", everything)).front(), "as-own");
  EXPECT_EQ(EntryOf("", history).Find("resource")->FindText("type"), "history");
}

TEST_F(AsyncPg, WritesAndStatements_AreAnsweredAtOnce) {
  const HeaderFields later{{"Prefer", "respond-async"}};
  EXPECT_EQ(TheGateway().Send("", Method::kGet, "/fhir/metadata", "", later).status, 200);
  EXPECT_EQ(
      TheGateway()
          .Send("", Method::kPut, "/fhir/Patient/as-written", R"({"resourceType":"Patient","id":"as-written"})", later)
          .status,
      201);
  const Response batch = TheGateway().Send("", Method::kPost, "/fhir",
                                           R"({"resourceType":"Bundle","type":"batch","entry":[)"
                                           R"({"request":{"method":"GET","url":"Patient/as-own"}}]})",
                                           later);
  ASSERT_EQ(batch.status, 200);
  EXPECT_EQ(JsonOf(batch).Find("entry")->items()[0].Find("response")->FindText("status"), "200 OK");
}

}  // namespace
}  // namespace tests::rest
