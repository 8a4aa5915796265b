// Idempotency-Key on what is posted.
#include <atomic>
#include <set>
#include <thread>

#include "tests/gateway/rest/database_fixture.hpp"

namespace tests::rest {
namespace {

using gateway::http::Method;
using gateway::http::Response;

Response Post(const std::string& target, const std::string& body, const std::string& key, std::string_view party = "",
              HeaderFields fields = {}) {
  fields.emplace_back("Idempotency-Key", key);
  fields.emplace_back("Content-Type", "application/fhir+json");
  return TheGateway().Send(party, Method::kPost, target, body, std::move(fields));
}

std::string Basic(std::string_view text) {
  return fmt::format(R"({{"resourceType":"Basic","code":{{"text":"{}"}}}})", text);
}

std::string_view Header(const Response& response, std::string_view name) {
  return response.headers.Get(name).value_or("");
}

TEST(IdempotencyKey, Create_GivesTheFirstAnswerAgain) {
  const Response first = Post("/fhir/Basic", Basic("a"), "create-1");
  ASSERT_EQ(first.status, 201) << first.body;
  for (const char* key : {"create-1", "\"create-1\""}) {
    const Response again = Post("/fhir/Basic", Basic("a"), key);
    EXPECT_EQ(again.status, 201);
    EXPECT_EQ(again.body, first.body);
    for (const char* name : {"Location", "ETag", "Last-Modified", "Content-Type"}) {
      EXPECT_EQ(Header(again, name), Header(first, name)) << name;
    }
  }
  EXPECT_NE(Header(Post("/fhir/Basic", Basic("a"), "create-2"), "Location"), Header(first, "Location"));
}

TEST(IdempotencyKey, Delete_GivesTheFirstAnswerAgain) {
  const Response created = Post("/fhir/Basic", Basic("to go"), "delete-0");
  ASSERT_EQ(created.status, 201) << created.body;
  const std::string path = "/fhir/Basic/" + std::string(JsonOf(created).FindText("id"));
  const auto remove = [&](const std::string& key) {
    return TheGateway().Send("", Method::kDelete, path, "",
                             {{"Idempotency-Key", key}, {"Prefer", "return=OperationOutcome"}});
  };
  const Response first = remove("delete-1");
  EXPECT_EQ(first.status, 200);
  EXPECT_NE(first.body.find("1 resource deleted"), std::string::npos) << first.body;
  const Response again = remove("delete-1");
  EXPECT_EQ(again.status, first.status);
  EXPECT_EQ(again.body, first.body);
  EXPECT_EQ(Header(again, "ETag"), Header(first, "ETag"));
  EXPECT_NE(remove("delete-2").body, first.body) << "another key: nothing was there";
}

TEST(IdempotencyKey, OtherBodyPathOrCondition_Is422) {
  ASSERT_EQ(Post("/fhir/Basic", Basic("a"), "other-1").status, 201);
  const Response body = Post("/fhir/Basic", Basic("b"), "other-1");
  EXPECT_EQ(body.status, 422);
  EXPECT_EQ(JsonOf(body).FindText("resourceType"), "OperationOutcome");
  EXPECT_EQ(Post("/fhir",
                 R"({"resourceType":"Bundle","type":"transaction","entry":[{"resource":)" + Basic("a") +
                     R"(,"request":{"method":"POST","url":"Basic"}}]})",
                 "other-1")
                .status,
            422);
  EXPECT_EQ(Post("/fhir/Basic", Basic("a"), "other-1", "", {{"If-None-Exist", "identifier=urn:x|y"}}).status, 422);
}

TEST(IdempotencyKey, Transaction_IsAppliedOnce) {
  const std::string bundle = R"({"resourceType":"Bundle","type":"transaction","entry":[)"
                             R"({"fullUrl":"urn:uuid:7f4fa2b2-5e1e-4c3e-9d51-0e1e7a1b0001","resource":)" +
                             Basic("t") + R"(,"request":{"method":"POST","url":"Basic"}},{"resource":)" + Basic("u") +
                             R"(,"request":{"method":"POST","url":"Basic"}}]})";
  const Response first = Post("/fhir", bundle, "transaction-1");
  ASSERT_EQ(first.status, 200) << first.body;
  const Response again = Post("/fhir", bundle, "transaction-1");
  EXPECT_EQ(again.status, 200);
  EXPECT_EQ(again.body, first.body);
}

TEST(IdempotencyKey, MetaAddAndDelete_AreAppliedOnce) {
  const Response created = Post("/fhir/Basic", Basic("labelled"), "meta-0");
  ASSERT_EQ(created.status, 201) << created.body;
  const std::string path = "/fhir/Basic/" + std::string(JsonOf(created).FindText("id"));
  const std::string labels = R"({"resourceType":"Parameters","parameter":[{"name":"meta","valueMeta":)"
                             R"({"tag":[{"system":"urn:repeats","code":"t"}]}}]})";
  const HeaderFields first_version{{"If-Match", "W/\"1\""}};
  const Response added = Post(path + "/$meta-add", labels, "meta-1", "", first_version);
  ASSERT_EQ(added.status, 200) << added.body;
  EXPECT_EQ(Header(added, "ETag"), "W/\"2\"");
  const Response added_again = Post(path + "/$meta-add", labels, "meta-1", "", first_version);
  EXPECT_EQ(added_again.status, 200) << added_again.body;
  EXPECT_EQ(added_again.body, added.body);
  EXPECT_EQ(Header(added_again, "ETag"), "W/\"2\"");
  EXPECT_EQ(Post(path + "/$meta-add", labels, "meta-2", "", first_version).status, 412);
  const Response deleted = Post(path + "/$meta-delete", labels, "meta-3");
  ASSERT_EQ(deleted.status, 200) << deleted.body;
  ASSERT_EQ(Post(path + "/$meta-add", labels, "meta-4").status, 200);
  const Response deleted_again = Post(path + "/$meta-delete", labels, "meta-3");
  EXPECT_EQ(deleted_again.body, deleted.body);
  EXPECT_EQ(Header(deleted_again, "ETag"), Header(deleted, "ETag"));
  EXPECT_EQ(Post(path + "/$meta-delete", labels, "meta-1").status, 422) << "the key of another request";
  EXPECT_EQ(Header(TheGateway().Send("", Method::kGet, path), "ETag"), "W/\"4\"");
}

TEST(IdempotencyKey, Batch_TakesAKeyOfEveryLengthAllowed) {
  const std::string bundle = R"({"resourceType":"Bundle","type":"batch","entry":[{"resource":)" + Basic("k1") +
                             R"(,"request":{"method":"POST","url":"Basic"}},{"resource":)" + Basic("k2") +
                             R"(,"request":{"method":"POST","url":"Basic"}}]})";
  std::set<std::string> places;
  const auto location = [](const Response& response, std::size_t entry) {
    const fhir::json::Value answer = JsonOf(response);
    return std::string(answer.Find("entry")->items()[entry].Find("response")->FindText("location"));
  };
  for (const std::size_t length : {238u, 239u, 240u, 254u, 255u}) {
    const std::string key(length, 'k');
    const Response first = Post("/fhir", bundle, key);
    ASSERT_EQ(first.status, 200) << first.body;
    places.insert(location(first, 0));
    places.insert(location(first, 1));
    EXPECT_EQ(Post("/fhir", bundle, key).body, first.body) << length;
    EXPECT_EQ(Post("/fhir", bundle, '"' + key + '"').body, first.body) << "quotes are no part of the key";
  }
  EXPECT_EQ(places.size(), 10u);
  EXPECT_FALSE(places.contains(""));
  EXPECT_EQ(Post("/fhir", bundle, std::string(256, 'k')).status, 400);
}

TEST(IdempotencyKey, Batch_EachEntryIsAppliedOnce) {
  const std::string bundle = R"({"resourceType":"Bundle","type":"batch","entry":[{"resource":)" + Basic("b1") +
                             R"(,"request":{"method":"POST","url":"Basic"}},{"resource":)" + Basic("b2") +
                             R"(,"request":{"method":"POST","url":"Basic"}}]})";
  const Response first = Post("/fhir", bundle, "batch-1");
  ASSERT_EQ(first.status, 200) << first.body;
  EXPECT_EQ(Post("/fhir", bundle, "batch-1").body, first.body);
  const fhir::json::Value answer = JsonOf(first);
  const auto& entries = answer.Find("entry")->items();
  EXPECT_NE(entries[0].Find("response")->FindText("location"), entries[1].Find("response")->FindText("location"));
}

TEST(IdempotencyKey, OfAnotherParty_IsAnotherKey) {
  const Response first = Post("/fhir/Basic", Basic("p"), "party-1");
  ASSERT_EQ(first.status, 201);
  const std::string slot =
      R"({"resourceType":"Schedule","identifier":[{"system":"https://platform.example/agenda","value":"r1"}],)"
      R"("actor":[{"display":"x"}]})";
  EXPECT_NE(Post("/fhir/Schedule", slot, "party-1", "platform-p").status, 422);
}

TEST(IdempotencyKey, Refused_LeavesTheKeyFree) {
  EXPECT_GE(Post("/fhir/Basic", R"({"resourceType":"Basic"})", "refused-1").status, 400);
  EXPECT_EQ(Post("/fhir/Basic", Basic("now right"), "refused-1").status, 201);
}

TEST(IdempotencyKey, Length_IsBounded) {
  EXPECT_EQ(Post("/fhir/Basic", Basic("l"), std::string(255, 'k')).status, 201) << "at the limit";
  EXPECT_EQ(Post("/fhir/Basic", Basic("l"), std::string(256, 'k')).status, 400) << "one past it";
  EXPECT_EQ(Post("/fhir/Basic", Basic("l"), "").status, 400);
  EXPECT_EQ(Post("/fhir/Basic", Basic("l"), "two words").status, 400);
}

TEST(IdempotencyKey, ManyAtOnce_MakeOneResource) {
  std::vector<std::thread> clients;
  std::mutex mutex;
  std::set<std::string> locations;
  std::atomic<int> created = 0;
  for (int i = 0; i < 6; ++i) {
    clients.emplace_back([&] {
      const Response response = Post("/fhir/Basic", Basic("race"), "race-1");
      created += response.status == 201 ? 1 : 0;
      const std::lock_guard lock(mutex);
      locations.emplace(Header(response, "Location"));
    });
  }
  for (auto& client : clients) {
    client.join();
  }
  EXPECT_EQ(created, 6);
  EXPECT_EQ(locations.size(), 1u);
}

}  // namespace
}  // namespace tests::rest
