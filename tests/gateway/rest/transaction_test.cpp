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

TEST_F(TransactionTest, Entries_ObeyTheirTags) {
  Put("/fhir/Patient/p1", R"({"resourceType":"Patient","id":"p1"})");
  const auto entry = [](std::string_view tags) {
    return R"({"resource":{"resourceType":"Patient","id":"p1","active":true},"request":{"method":"PUT","url":"Patient/p1",)" +
           std::string(tags) + "}}";
  };
  for (const char* type : {"transaction", "batch"}) {
    const auto status = [&](std::string_view tags) {
      const Response response = Post("/fhir", Bundle(type, entry(tags)));
      return response.status == 200
                 ? std::string(Json(response).Find("entry")->items().at(0).Find("response")->FindText("status"))
                 : std::to_string(response.status);
    };
    EXPECT_TRUE(status(R"("ifNoneMatch":"*")").starts_with("412")) << type;
    EXPECT_TRUE(status(R"("ifNoneMatch":"x")").starts_with("400")) << type;
    EXPECT_TRUE(status(R"("ifMatch":"\"99\"")").starts_with("412")) << type;
    EXPECT_TRUE(status(R"("ifMatch":"*")").starts_with("200")) << type;
  }
}

TEST_F(TransactionTest, Transaction_ReadsComeLastWhateverTheirPlace) {
  const Response response = Post(
      "/fhir",
      Bundle(
          "transaction",
          R"({"request":{"method":"GET","url":"Patient/p1"}},)"
          R"({"request":{"method":"GET","url":"Patient/p1/_history/1"}},)"
          R"({"request":{"method":"GET","url":"Patient/p1/_history"}},)"
          R"({"request":{"method":"GET","url":"Patient?active=true"}},)"
          R"({"request":{"method":"POST","url":"Patient/_search?active=true"}},)"
          R"({"resource":{"resourceType":"Patient","id":"p1","active":true},"request":{"method":"PUT","url":"Patient/p1"}})"));
  ASSERT_EQ(response.status, 200) << response.body;
  const fhir::json::Value bundle = Json(response);
  for (std::size_t i = 0; i < 5; ++i) {
    const auto& entry = bundle.Find("entry")->items().at(i);
    EXPECT_EQ(entry.Find("response")->FindText("status"), "200 OK") << i;
    ASSERT_NE(entry.Find("resource"), nullptr) << i;
    EXPECT_EQ(entry.Find("resource")->FindText("resourceType"), i < 2 ? "Patient" : "Bundle");
  }
}

TEST_F(TransactionTest, Operations_InABatch_AreAsked) {
  const std::string entries =
      R"({"request":{"method":"GET","url":"$meta"}},)"
      R"({"resource":{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient"}}]},)"
      R"("request":{"method":"POST","url":"Patient/$validate"}},)"
      R"({"resource":{"resourceType":"Parameters"},"request":{"method":"POST","url":"Patient/$no-such"}})";
  const Response response =
      Post("/fhir", Bundle("batch", entries), {{"Prefer", "return=OperationOutcome"}, {"Idempotency-Key", "k"}});
  ASSERT_EQ(response.status, 200) << response.body;
  const fhir::json::Value bundle = Json(response);
  const auto& answers = bundle.Find("entry")->items();
  EXPECT_EQ(answers.at(1).Find("response")->FindText("status"), "200 OK") << response.body;
  ASSERT_NE(answers.at(1).Find("resource"), nullptr) << "an operation's answer is no outcome of a write";
  EXPECT_EQ(answers.at(1).Find("resource")->FindText("resourceType"), "OperationOutcome");
  EXPECT_FALSE(answers.at(2).Find("response")->FindText("status").starts_with("2"));
}

TEST_F(TransactionTest, Operations_InATransaction_MayOnlyRead) {
  const std::string write =
      R"(,{"resource":{"resourceType":"Patient","id":"p1"},"request":{"method":"PUT","url":"Patient/p1"}})";
  const Response read = Post(
      "/fhir",
      Bundle(
          "transaction",
          R"({"resource":{"resourceType":"Parameters","parameter":[{"name":"resource","resource":{"resourceType":"Patient"}}]},)"
          R"("request":{"method":"POST","url":"Patient/$validate"}})" +
              write));
  ASSERT_EQ(read.status, 200) << read.body;
  const fhir::json::Value answer = Json(read);
  EXPECT_EQ(answer.Find("entry")->items().at(0).Find("resource")->FindText("resourceType"), "OperationOutcome");
  store_.state.versions.clear();
  struct Case {
    std::string_view method, url;
    int status;
  };
  for (const Case& refused : std::initializer_list<Case>{{"POST", "Patient/p1/$meta-add", 400},
                                                         {"POST", "$expunge", 400},
                                                         {"POST", "Patient/p1/$expunge", 400},
                                                         {"POST", "Composition/c/$document", 400},
                                                         {"POST", "Patient/$no-such", 404},
                                                         {"GET", "Patient/$no-such", 404},
                                                         {"GET", "$no-such", 404},
                                                         {"DELETE", "Patient/$match", 400}}) {
    const Response response =
        Post("/fhir", Bundle("transaction", R"({"resource":{"resourceType":"Parameters"},"request":{"method":")" +
                                                std::string(refused.method) + R"(","url":")" +
                                                std::string(refused.url) + R"("}})" + write));
    EXPECT_EQ(response.status, refused.status) << refused.url << response.body;
    EXPECT_TRUE(IssueMember(response, "expression").starts_with("Bundle.entry[0]")) << response.body;
    EXPECT_TRUE(store_.state.versions.empty()) << "nothing of the rest stands";
  }
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
