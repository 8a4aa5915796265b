#include "gateway/store/watch_store.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include "gateway/store/journal_statements.hpp"
#include "gateway/store/journal_store.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace gateway::store {
namespace {

using tests::support::TestDatabase;

class WatchStoreTest : public testing::Test {
 protected:
  WatchStoreTest() : pool_(database_.MakePool(4)), watch_(*pool_) {}

  void Run(const std::string& sql) {
    const auto lease = pool_->Acquire();
    const auto done = (*lease)->ExecuteAdHoc("test", sql, {});
    ASSERT_TRUE(done) << done.error().internal_text.text;
  }

  /// A partner that sent `each` messages in every hour from `from` to `to` ago, and since `to` nothing.
  void History(std::string_view partner, std::string_view from, std::string_view to, int each) {
    Run(
        fmt::format("INSERT INTO exchange_hour (partner, hour, received, last_at) "
                    "SELECT '{0}', h, {3}, least(h + interval '1 hour', now() - interval '{2}') "
                    "FROM generate_series(date_trunc('hour', now() - interval '{1}'), "
                    "date_trunc('hour', now() - interval '{2}'), interval '1 hour') AS h",
                    partner, from, to, each));
  }

  PartnerWatch Of(std::string_view partner) {
    const auto partners = watch_.Partners();
    EXPECT_TRUE(partners) << partners.error().internal_text.text;
    for (const auto& one : *partners) {
      if (one.partner == partner) return one;
    }
    return {};
  }

  TestDatabase database_;
  std::unique_ptr<pg::Pool> pool_;
  WatchStore watch_;
};

TEST_F(WatchStoreTest, Counts_AddUp) {
  const ExchangeCount first[] = {{"chu", 3, 2, 1}, {"clinic", 1, 1, 0}};
  const ExchangeCount second[] = {{"chu", 4, 4, 0}};
  ASSERT_TRUE(watch_.AddCounts(first));
  ASSERT_TRUE(watch_.AddCounts(second));
  ASSERT_TRUE(watch_.AddCounts({}));
  const PartnerWatch chu = Of("chu");
  EXPECT_EQ(chu.received_day, 7);
  EXPECT_EQ(chu.acknowledged_day, 6);
  EXPECT_EQ(chu.failed_day, 1);
  EXPECT_GT(chu.last_us, 0);
  EXPECT_EQ(chu.expected, 0) << "without a day of history nothing is expected";
  EXPECT_EQ(Of("clinic").received_day, 1);
}

TEST_F(WatchStoreTest, WhatWaits_IsToldByPartnerAndDestination) {
  JournalStore journal(*pool_);
  ASSERT_TRUE(
      journal.Receive({.partner = "chu", .channel = "mllp", .control_id = "1", .type = "ADT^A01", .raw = "MSH|"}));
  const auto lease = pool_->Acquire();
  for (const char* destination : {"a", "a", "b"}) {
    ASSERT_TRUE((*lease)->Execute(kInsertOutbox,
                                  pg::Parameters().Text(destination).Text("mllp").Text("k").Text("c").Bytes("p")));
  }
  Run("UPDATE outbox SET state = 'dead', finished_at = now() WHERE destination = 'b'");
  const PartnerWatch chu = Of("chu");
  EXPECT_EQ(chu.waiting, 1);
  EXPECT_GT(chu.oldest_waiting_us, 0);
  EXPECT_EQ(chu.last_us, 0);
  const auto destinations = watch_.Destinations();
  ASSERT_TRUE(destinations);
  ASSERT_EQ(destinations->size(), 2u);
  EXPECT_EQ((*destinations)[0].waiting, 2);
  EXPECT_GT((*destinations)[0].oldest_waiting_us, 0);
  EXPECT_EQ((*destinations)[1].dead, 1);
  EXPECT_EQ((*destinations)[1].oldest_waiting_us, 0);
}

TEST_F(WatchStoreTest, Silence_IsMeasuredAgainstTheSameTimeOfEarlierWeeksOrDays) {
  History("busy", "20 days", "3 hours", 10);
  EXPECT_NEAR(Of("busy").expected, 30, 1);
  History("young", "60 hours", "3 hours", 10);
  EXPECT_NEAR(Of("young").expected, 30, 1);
  History("fresh", "20 hours", "3 hours", 10);
  EXPECT_EQ(Of("fresh").expected, 0);
  // Silent at this time of the week before too: nothing is missing.
  History("weekly", "20 days", "3 hours", 10);
  Run("DELETE FROM exchange_hour WHERE partner = 'weekly' AND (hour BETWEEN now() - interval '7 days 5 hours' AND "
      "now() - "
      "interval '7 days' OR hour BETWEEN now() - interval '14 days 5 hours' AND now() - interval '14 days')");
  EXPECT_EQ(Of("weekly").expected, 0);
  // As always: it has just sent something.
  History("steady", "20 days", "0 hours", 10);
  EXPECT_LT(Of("steady").expected, 1);
}

TEST_F(WatchStoreTest, AnAlert_BeginsAndEndsOnce) {
  const Alert silent{.kind = "silent", .subject = "chu", .detail = "d"};
  const Alert dead{.kind = "dead", .subject = "out", .detail = "d"};
  const Alert both[] = {silent, dead};
  WatchStore other_node(*pool_);
  auto changes = watch_.SyncAlerts(both);
  ASSERT_TRUE(changes) << changes.error().internal_text.text;
  EXPECT_EQ(changes->begun.size(), 2u);
  EXPECT_TRUE(changes->ended.empty());
  changes = other_node.SyncAlerts(both);
  EXPECT_TRUE(changes->begun.empty() && changes->ended.empty()) << "told to one alone";

  changes = other_node.SyncAlerts(std::span(both).first(1));
  ASSERT_EQ(changes->ended.size(), 1u);
  EXPECT_EQ(changes->ended[0].kind, "dead");
  EXPECT_GT(changes->ended[0].ended_us, 0);
  changes = watch_.SyncAlerts(std::span(both).first(1));
  EXPECT_TRUE(changes->begun.empty() && changes->ended.empty());

  changes = watch_.SyncAlerts(both);
  ASSERT_EQ(changes->begun.size(), 1u) << "begins again";
  ASSERT_TRUE(watch_.SyncAlerts({}));
  const auto listed = watch_.ListAlerts(10);
  ASSERT_TRUE(listed);
  EXPECT_EQ(listed->size(), 3u);
  EXPECT_EQ(watch_.ListAlerts(2)->size(), 2u);
}

TEST_F(WatchStoreTest, Sweep_ForgetsWhatIsOlderThanFiveWeeks) {
  Run("INSERT INTO exchange_hour (partner, hour, last_at) VALUES ('a', now() - interval '37 days', now()), "
      "('a', now() - interval '35 days', now())");
  Run("INSERT INTO alert (kind, subject, began_at, ended_at) VALUES ('dead', 'a', now() - interval '40 days', now() - "
      "interval '37 days'), ('dead', 'b', now() - interval '40 days', NULL)");
  ASSERT_TRUE(watch_.Sweep());
  const auto listed = watch_.ListAlerts(10);
  ASSERT_EQ(listed->size(), 1u) << "an open alert stays";
  EXPECT_EQ((*listed)[0].subject, "b");
}

}  // namespace
}  // namespace gateway::store
