// History by time and in both orders.
#include <gmock/gmock.h>

#include "fhir/base/date_time.hpp"
#include "tests/gateway/store/transaction/store_fixture.hpp"

namespace tests::store {
namespace {

using port::Verb;
using ::testing::ElementsAre;

class HistoryStore : public StoreTest {
 protected:
  /// "id/version" of a whole walk through pages of `count`.
  std::vector<std::string> Walk(port::HistoryQuery query, int count = 2) {
    std::vector<std::string> walked;
    query.count = count;
    for (;;) {
      const auto page = store_->History(System(), query);
      EXPECT_TRUE(page) << page.error().public_text.text << page.error().internal_text.text;
      if (!page) {
        return walked;
      }
      for (const auto& version : page->versions) {
        walked.push_back(fmt::format("{}/{}", version.id, version.version));
      }
      if (page->next_cursor.empty()) {
        return walked;
      }
      query.cursor = page->next_cursor;
    }
  }

  std::int64_t Stored(std::string_view id, bool active) {
    return Apply(Put(Verb::kUpdate, id,
                     fmt::format(R"({{"resourceType":"Patient","active":{}}})", active ? "true" : "false")))
        .front()
        .resource.last_updated_us;
  }

  static port::HistoryQuery OfPatients() {
    port::HistoryQuery query;
    query.type = Type("Patient");
    return query;
  }
};

TEST_F(HistoryStore, OldestFirst_IsTheReverseThroughPages) {
  Stored("a", true);
  Stored("b", true);
  Stored("a", false);
  Apply(Delete("Patient", "b"));
  Stored("a", true);
  port::HistoryQuery query = OfPatients();
  EXPECT_THAT(Walk(query), ElementsAre("a/3", "b/2", "a/2", "b/1", "a/1"));
  query.oldest_first = true;
  EXPECT_THAT(Walk(query), ElementsAre("a/1", "b/1", "a/2", "b/2", "a/3"));
  EXPECT_THAT(Walk(query, 1), ElementsAre("a/1", "b/1", "a/2", "b/2", "a/3"));
  query.id = "a";
  EXPECT_THAT(Walk(query, 1), ElementsAre("a/1", "a/2", "a/3"));
}

TEST_F(HistoryStore, WhoBeganEarlierAndWritesLater_WritesTheLaterTime) {
  Stored("a", true);
  const auto early = factory_->Begin(System());
  ASSERT_TRUE(early);
  const std::int64_t second = Stored("a", false);
  std::vector<port::Change> changes;
  changes.push_back(Put(Verb::kUpdate, "a", R"({"resourceType":"Patient","gender":"male"})"));
  changes.push_back(Put(Verb::kUpdate, "b", R"({"resourceType":"Patient","gender":"male"})"));
  fhir::IssueList issues;
  const auto third = (*early)->Apply(std::move(changes), issues);
  ASSERT_TRUE(third) << third.error().public_text.text;
  ASSERT_TRUE((*early)->Commit());
  EXPECT_GT(third->at(0).resource.last_updated_us, second);
  EXPECT_LT(third->at(1).resource.last_updated_us, second) << "what nobody wrote meanwhile has the transaction's time";
  port::HistoryQuery query = OfPatients();
  query.id = "a";
  EXPECT_THAT(Walk(query, 1), ElementsAre("a/3", "a/2", "a/1"));
  const auto stored = store_->Read(System(), Type("Patient"), "a");
  ASSERT_TRUE(stored);
  EXPECT_EQ(stored->last_updated_us, third->at(0).resource.last_updated_us);
  EXPECT_EQ(Parse(stored->body).root().FindValue("meta.lastUpdated"), fhir::FormatInstant(stored->last_updated_us));
}

TEST_F(HistoryStore, Cursor_OfTheOtherOrder_IsRefused) {
  for (int i = 0; i < 3; ++i) {
    Stored("a", i % 2 == 0);
  }
  port::HistoryQuery query = OfPatients();
  query.count = 1;
  const auto page = store_->History(System(), query);
  ASSERT_TRUE(page);
  query.cursor = page->next_cursor;
  query.oldest_first = true;
  EXPECT_FALSE(store_->History(System(), query));
}

TEST_F(HistoryStore, At_GivesWhatWasCurrentInThatTime) {
  const std::int64_t first = Stored("a", true);
  const std::int64_t second = Stored("a", false);
  const std::int64_t third = Apply(Delete("Patient", "a")).front().resource.last_updated_us;
  Stored("b", true);
  const auto at = [&](std::int64_t low, std::int64_t high) {
    port::HistoryQuery query = OfPatients();
    query.id = "a";
    query.at = fhir::UsRange{low, high};
    return Walk(query);
  };
  EXPECT_THAT(at(first - 10, first), ElementsAre()) << "the end of a range is not part of it";
  EXPECT_THAT(at(first, first + 1), ElementsAre("a/1"));
  EXPECT_THAT(at(second - 1, second), ElementsAre("a/1"));
  EXPECT_THAT(at(second, second + 1), ElementsAre("a/2"));
  EXPECT_THAT(at(first, second + 1), ElementsAre("a/2", "a/1"));
  EXPECT_THAT(at(third + 1'000'000, third + 2'000'000), ElementsAre("a/3")) << "deleted is what it is since then";
  port::HistoryQuery all = OfPatients();
  all.at = fhir::UsRange{third, third + 1'000'000};
  EXPECT_THAT(Walk(all, 1), ElementsAre("b/1", "a/3"));
}

TEST_F(HistoryStore, At_AfterAVersionWasErased_EndsAtTheNextThatThereIs) {
  const std::int64_t first = Stored("a", true);
  Stored("a", false);
  const std::int64_t third = Stored("a", true);
  ASSERT_TRUE(
      SharedDb().Connect()->ExecuteScript("erase", "DELETE FROM resource_version WHERE id = 'a' AND version = 2"));
  port::HistoryQuery query = OfPatients();
  query.at = fhir::UsRange{third, third + 1};
  EXPECT_THAT(Walk(query), ElementsAre("a/3")) << "the first was over long before";
  query.at = fhir::UsRange{first, first + 1};
  EXPECT_THAT(Walk(query), ElementsAre("a/1"));
}

}  // namespace
}  // namespace tests::store
