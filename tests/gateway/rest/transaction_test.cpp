#include "tests/gateway/rest/rest_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Response;

class TransactionTest : public RestTest {
 protected:
  static std::string Bundle(std::string_view type, std::string_view entries) {
    return R"({"resourceType":"Bundle","type":")" + std::string(type) + R"(","entry":[)" + std::string(entries) + "]}";
  }
};

constexpr std::string_view kMixedEntries =
    R"({"request":{"method":"GET","url":"Patient/p1"}},)"
    R"({"fullUrl":"urn:uuid:0e3c4f3a-6b0d-4d0e-9a51-0a4d6f2b7c11","resource":{"resourceType":"Patient","identifier":[{"system":"s","value":"N"}]},"request":{"method":"POST","url":"Patient"}},)"
    R"({"resource":{"resourceType":"Patient","id":"p1","active":true},"request":{"method":"PUT","url":"Patient/p1"}},)"
    R"({"request":{"method":"DELETE","url":"Patient/old"}},)"
    R"({"request":{"method":"GET","url":"Patient?identifier=s%7CN"}})";

TEST_F(TransactionTest, Transaction_AnswersInRequestOrderAndReadsSeeTheWrites) {
  Put("/fhir/Patient/old", R"({"resourceType":"Patient","id":"old"})");
  const Response response = Post("/fhir", Bundle("transaction", kMixedEntries));
  ASSERT_EQ(response.status, 200) << response.body;
  const fhir::json::Value bundle = Json(response);
  EXPECT_EQ(bundle.FindText("type"), "transaction-response");
  const auto& entries = bundle.Find("entry")->items();
  ASSERT_EQ(entries.size(), 5u);
  EXPECT_EQ(entries[0].Find("response")->FindText("status"), "200 OK");
  EXPECT_EQ(entries[0].Find("resource")->FindText("id"), "p1");
  EXPECT_EQ(entries[1].Find("response")->FindText("status"), "201 Created");
  EXPECT_TRUE(entries[1].Find("response")->FindText("location").starts_with("Patient/new-"));
  EXPECT_EQ(entries[1].Find("resource"), nullptr) << "minimal unless asked for";
  EXPECT_EQ(entries[2].Find("response")->FindText("etag"), "W/\"1\"");
  EXPECT_EQ(entries[3].Find("response")->FindText("status"), "204 No Content");
  EXPECT_EQ(entries[4].Find("resource")->FindText("resourceType"), "Bundle");
  EXPECT_EQ(entries[4].Find("resource")->Find("entry")->items().size(), 1u);
}

TEST_F(TransactionTest, Transaction_RepresentationOnRequest) {
  const Response response = Post("/fhir", Bundle("transaction", kMixedEntries.substr(kMixedEntries.find("{\"fullUrl"))),
                                 {{"Prefer", "return=representation"}});
  // The DELETE of a resource that is not there fails in the memory store; nothing of the rest may stand.
  EXPECT_EQ(response.status, 404);
  EXPECT_TRUE(store_.state.versions.empty());
  const Response good = Post(
      "/fhir",
      Bundle("transaction",
             R"({"resource":{"resourceType":"Patient","active":true},"request":{"method":"POST","url":"Patient"}})"),
      {{"Prefer", "return=representation"}});
  EXPECT_NE(Json(good).Find("entry")->items().at(0).Find("resource"), nullptr);
}

TEST_F(TransactionTest, Transaction_ErrorNamesTheEntry) {
  const Response type =
      Post("/fhir", Bundle("transaction",
                           R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient"}},)"
                           R"({"request":{"method":"DELETE","url":"Patient/p9"}})"));
  EXPECT_TRUE(IssueMember(type, "expression").starts_with("Bundle.entry[1]")) << type.body;
  const Response condition =
      Post("/fhir",
           Bundle("transaction", R"({"resource":{"resourceType":"Patient"},"request":{"method":"POST","url":"Patient",)"
                                 R"("ifNoneExist":"colour=blue"}})"));
  EXPECT_EQ(condition.status, 400);
  EXPECT_EQ(IssueMember(condition, "expression"), "Bundle.entry[0].request.ifNoneExist");
  EXPECT_TRUE(store_.state.versions.empty());
}

TEST_F(TransactionTest, Transaction_AReadThatIsNotUnderstoodRefusesTheWhole) {
  const auto with = [](std::string_view url) {
    return Bundle(
        "transaction",
        R"({"resource":{"resourceType":"Patient","active":true},"request":{"method":"POST","url":"Patient"}},)"
        R"({"request":{"method":"GET","url":")" +
            std::string(url) + "\"}}");
  };
  for (const char* url : {"Patient?colour=blue", "Patient?birthdate=tomorrow", "Person1/1", "Patient?identifier=%zz"}) {
    const Response refused = Post("/fhir", with(url));
    EXPECT_GE(refused.status, 400) << url;
    EXPECT_EQ(IssueMember(refused, "expression"), "Bundle.entry[1].request.url") << url;
  }
  EXPECT_TRUE(store_.state.versions.empty());
  const Response lenient = Post("/fhir", with("Patient?colour=blue"), {{"Prefer", "handling=lenient"}});
  ASSERT_EQ(lenient.status, 200) << lenient.body;
  EXPECT_EQ(Json(lenient).Find("entry")->items().at(1).Find("response")->FindText("status"), "200 OK");
  EXPECT_EQ(Post("/fhir", with("metadata")).status, 200);
  EXPECT_EQ(Post("/fhir", with("_history")).status, 200);
}

TEST_F(TransactionTest, Transaction_OtherBodiesAreRefused) {
  EXPECT_EQ(Post("/fhir", kPatient).status, 400);
  EXPECT_EQ(Post("/fhir", Bundle("collection", "")).status, 400);
}

TEST_F(TransactionTest, Batch_EachEntryStandsAlone) {
  const Response response = Post(
      "/fhir",
      Bundle(
          "batch",
          R"({"resource":{"resourceType":"Patient","id":"b1"},"request":{"method":"PUT","url":"Patient/b1"}},)"
          R"({"request":{"method":"GET","url":"Patient/none"}},)"
          R"({"request":{"method":"GET","url":"metadata"}},)"
          R"({"resource":{"resourceType":"Patient","id":"b1"},"request":{"method":"PUT","url":"Patient/b1","ifMatch":"W/\"9\""}})"));
  ASSERT_EQ(response.status, 200) << response.body;
  const fhir::json::Value bundle = Json(response);
  EXPECT_EQ(bundle.FindText("type"), "batch-response");
  const auto& entries = bundle.Find("entry")->items();
  ASSERT_EQ(entries.size(), 4u);
  EXPECT_EQ(entries[0].Find("response")->FindText("status"), "201 Created");
  EXPECT_EQ(entries[0].Find("response")->FindText("location"), "Patient/b1/_history/1");
  EXPECT_EQ(entries[1].Find("response")->FindText("status"), "404 Not Found");
  EXPECT_EQ(entries[1].Find("response")->Find("outcome")->FindText("resourceType"), "OperationOutcome");
  EXPECT_EQ(entries[2].Find("response")->FindText("status"), "200 OK");
  EXPECT_EQ(entries[3].Find("response")->FindText("status"), "412 Precondition Failed");
}

}  // namespace
}  // namespace tests::rest
