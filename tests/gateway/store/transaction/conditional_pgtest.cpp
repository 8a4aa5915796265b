#include <gmock/gmock.h>

#include <atomic>
#include <thread>

#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Effect;
using port::Verb;
using ::testing::HasSubstr;

class ConditionalStore : public StoreTest {
 protected:
  static port::Change CreateUnless(std::string_view value) {
    auto change = Create(
        fmt::format(R"({{"resourceType":"Patient","identifier":[{{"system":"urn:ipp","value":"{}"}}]}})", value));
    change.condition = Conditional("Patient", fmt::format("identifier=urn:ipp|{}", value));
    return change;
  }
};

TEST_F(ConditionalStore, Create_Repeated_FindsTheFirst) {
  const auto first = Apply(CreateUnless("1"));
  const auto second = Apply(CreateUnless("1"));
  EXPECT_EQ(first[0].effect, Effect::kCreated);
  EXPECT_EQ(second[0].effect, Effect::kUnchanged);
  EXPECT_EQ(second[0].resource.id, first[0].resource.id);
  EXPECT_EQ(second[0].resource.body, first[0].resource.body);
  Apply(Delete("Patient", first[0].resource.id));
  EXPECT_EQ(Apply(CreateUnless("1"))[0].effect, Effect::kCreated) << "a deleted match does not count";
}

TEST_F(ConditionalStore, Create_FromManyThreads_MakesOne) {
  std::atomic<int> created{0};
  std::atomic<int> found{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 16; ++i) {
    threads.emplace_back([&] {
      std::vector<port::Change> changes;
      changes.push_back(CreateUnless("7"));
      const auto outcomes = TryApply(std::move(changes));
      ASSERT_TRUE(outcomes) << outcomes.error().internal_text.text;
      (outcomes->front().effect == Effect::kCreated ? created : found)++;
    });
  }
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(created, 1);
  EXPECT_EQ(found, 15);
  EXPECT_EQ(Find(Ask("Patient", {{"identifier", "urn:ipp|7"}})).size(), 1u);
}

TEST_F(ConditionalStore, Create_TwiceInOneTransaction_MapsBothFullUrls) {
  auto first = CreateUnless("1");
  first.full_url = "urn:uuid:00000000-0000-4000-8000-000000000001";
  auto second = CreateUnless("1");
  second.full_url = "urn:uuid:00000000-0000-4000-8000-000000000002";
  auto observation = Create(
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
          "subject":{"reference":"urn:uuid:00000000-0000-4000-8000-000000000002"}})");
  const auto outcomes = Apply(std::move(first), std::move(second), std::move(observation));
  EXPECT_EQ(outcomes[0].resource.id, outcomes[1].resource.id);
  EXPECT_THAT(outcomes[2].resource.body, HasSubstr("Patient/" + outcomes[0].resource.id));
}

TEST_F(ConditionalStore, SeveralMatches_AreRefusedWithThePlace) {
  Apply(Create(R"({"resourceType":"Patient","identifier":[{"system":"urn:ipp","value":"1"}]})"));
  Apply(Create(R"({"resourceType":"Patient","identifier":[{"system":"urn:ipp","value":"1"}]})"));
  auto change = CreateUnless("1");
  change.place = "Bundle.entry[3].resource";
  std::vector<port::Change> changes;
  changes.push_back(std::move(change));
  const auto outcomes = TryApply(std::move(changes));
  ASSERT_FALSE(outcomes);
  EXPECT_EQ(outcomes.error().code, fhir::ErrorCode::kMultipleMatches);
  EXPECT_EQ(outcomes.error().expression, "Bundle.entry[3].resource");
}

TEST_F(ConditionalStore, UpdateAndDelete_ByCondition) {
  auto update = CreateUnless("1");
  update.verb = Verb::kUpdate;
  const auto created = Apply(std::move(update));
  EXPECT_EQ(created[0].effect, Effect::kCreated);
  auto again = Create(R"({"resourceType":"Patient","gender":"male","identifier":[{"system":"urn:ipp","value":"1"}]})");
  again.verb = Verb::kUpdate;
  again.condition = Conditional("Patient", "identifier=urn:ipp|1");
  const auto updated = Apply(std::move(again));
  EXPECT_EQ(updated[0].effect, Effect::kUpdated);
  EXPECT_EQ(updated[0].resource.id, created[0].resource.id);
  port::Change remove;
  remove.verb = Verb::kDelete;
  remove.type = Type("Patient");
  remove.condition = Conditional("Patient", "gender=male");
  auto remove_again = port::Change(std::move(remove));
  port::Change copy;
  copy.verb = Verb::kDelete;
  copy.type = Type("Patient");
  copy.condition = Conditional("Patient", "gender=male");
  EXPECT_EQ(Apply(std::move(remove_again))[0].effect, Effect::kDeleted);
  EXPECT_EQ(Apply(std::move(copy))[0].effect, Effect::kUnchanged);
}

constexpr std::string_view kOneOfSeveral =
    R"({"resourceType":"Patient","identifier":[{"system":"urn:ipp","value":"several"}]})";

TEST_F(ConditionalStore, Delete_OfSeveral_UpToTheNumberAllowed) {
  for (const char* id : {"a", "b", "c"}) {
    Apply(Put(Verb::kUpdate, id, kOneOfSeveral));
  }
  const auto remove = [](std::size_t matches_max) {
    port::Change change;
    change.verb = Verb::kDelete;
    change.type = Type("Patient");
    change.condition = Conditional("Patient", "identifier=urn:ipp|several");
    change.matches_max = matches_max;
    return change;
  };
  EXPECT_EQ(FailureOf(remove(1)), fhir::ErrorCode::kMultipleMatches);
  EXPECT_EQ(FailureOf(remove(2)), fhir::ErrorCode::kMultipleMatches);
  auto versioned = remove(3);
  versioned.if_match = port::VersionTags{{1}};
  EXPECT_EQ(FailureOf(std::move(versioned)), fhir::ErrorCode::kMultipleMatches) << "a version is that of one resource";
  const auto outcomes = Apply(remove(3), Create(R"({"resourceType":"Basic","code":{"text":"x"}})"));
  ASSERT_EQ(outcomes.size(), 2u);
  EXPECT_EQ(outcomes[0].deleted, 3u);
  EXPECT_EQ(outcomes[1].effect, port::Effect::kCreated) << "one outcome a change, whatever it deleted";
  for (const char* id : {"a", "b", "c"}) {
    EXPECT_EQ(store_->Read(System(), Type("Patient"), id).error().code, fhir::ErrorCode::kGone) << id;
  }
  EXPECT_EQ(Apply(remove(3)).front().deleted, 0u);
}

TEST_F(ConditionalStore, Update_OfWhatExistsAlone) {
  const auto put = [](std::string_view id) {
    auto change = Put(Verb::kUpdate, id, kOneOfSeveral);
    change.existing_only = true;
    return change;
  };
  EXPECT_EQ(FailureOf(put("p1")), fhir::ErrorCode::kNotFound);
  Apply(Put(Verb::kUpdate, "p1", kOneOfSeveral));
  Apply(put("p1"));
  Apply(Delete("Patient", "p1"));
  EXPECT_EQ(Apply(put("p1")).front().effect, port::Effect::kCreated) << "what was there may come back";
  // The server gives the id: nobody chooses one.
  auto by_condition = Put(Verb::kUpdate, "", kOneOfSeveral);
  by_condition.condition = Conditional("Patient", "family=Nobody");
  by_condition.existing_only = true;
  EXPECT_EQ(Apply(std::move(by_condition)).front().effect, port::Effect::kCreated);
}

TEST_F(ConditionalStore, Reference_ResolvesToOneOrFails) {
  constexpr std::string_view kObservation =
      R"({"resourceType":"Observation","status":"final","code":{"text":"x"},
          "subject":{"reference":"Patient?identifier=urn:ipp|1"}})";
  EXPECT_EQ(FailureOf(Create(kObservation)), fhir::ErrorCode::kInvalid);
  const auto patient = Apply(CreateUnless("1"));
  const auto outcomes = Apply(Create(kObservation));
  EXPECT_THAT(outcomes[0].resource.body, HasSubstr("\"Patient/" + patient[0].resource.id + "\""));
  Apply(Create(R"({"resourceType":"Patient","identifier":[{"system":"urn:ipp","value":"1"}]})"));
  EXPECT_EQ(FailureOf(Create(kObservation)), fhir::ErrorCode::kMultipleMatches);
}

}  // namespace
}  // namespace tests::store
