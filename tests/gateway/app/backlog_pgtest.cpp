// Gauges of what waits, the sweeping of old keys, and a database named by an environment variable.
#include "gateway/app/backlog.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>

#include "gateway/app/database.hpp"
#include "gateway/store/pg/connection.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace gateway::app {
namespace {

using testing::HasSubstr;

class BacklogTest : public testing::Test {
 protected:
  BacklogTest() : pool_(database_.MakePool(4)), journal_(*pool_), outbox_(*pool_) {}

  void Run(const std::string& script) {
    const auto done = database_.Connect()->ExecuteScript("test", script);
    ASSERT_TRUE(done) << done.error().internal_text.text;
  }
  std::int64_t Receive(const std::string& control_id) {
    const auto received = journal_.Receive(
        {.partner = "chu", .channel = "mllp", .control_id = control_id, .type = "ADT^A01", .raw = "MSH|" + control_id});
    EXPECT_TRUE(received);
    return received ? received->entry.id : 0;
  }

  tests::support::TestDatabase database_;
  std::unique_ptr<store::pg::Pool> pool_;
  store::JournalStore journal_;
  store::OutboxStore outbox_;
};

TEST_F(BacklogTest, Gauges_TellWhatWaitsAndWhatFailed) {
  telemetry::Metrics metrics;
  ASSERT_TRUE(RefreshBacklog(journal_, outbox_, 0, metrics));
  EXPECT_THAT(metrics.Exposition(), HasSubstr("passerelle_journal_messages{state=\"received\"} 0\n"));
  EXPECT_THAT(metrics.Exposition(), HasSubstr("passerelle_outbox_oldest_waiting_seconds 0\n"));

  const auto first = journal_.Get(Receive("1"));
  ASSERT_TRUE(first);
  for (const char* id : {"2", "3", "4", "5"}) {
    Receive(id);
  }
  Run("UPDATE message SET state = 'refused', finished_at = now(), ack = '' WHERE control_id IN ('3', '4');"
      "UPDATE message SET state = 'parked', finished_at = now(), ack = '' WHERE control_id = '5';"
      "INSERT INTO outbox (bucket, id, destination, kind, order_key, cause, payload, state, finished_at, created_at, "
      "due_at)"
      " SELECT 0, n * 256, 'd', 'k', 'o', 'c', '', CASE WHEN n < 4 THEN 'waiting' ELSE 'dead' END,"
      " CASE WHEN n < 4 THEN NULL ELSE now() END, to_timestamp(1000000 + n), now() FROM generate_series(1, 5) AS n");
  ASSERT_TRUE(RefreshBacklog(journal_, outbox_, first->received_us + 90'000'000, metrics));
  const std::string text = metrics.Exposition();
  EXPECT_THAT(text, HasSubstr("passerelle_journal_messages{state=\"received\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("passerelle_journal_messages{state=\"refused\"} 2\n"));
  EXPECT_THAT(text, HasSubstr("passerelle_journal_messages{state=\"parked\"} 1\n"));
  EXPECT_THAT(text, HasSubstr("passerelle_journal_oldest_waiting_seconds 90\n"));
  EXPECT_THAT(text, HasSubstr("passerelle_outbox_entries{state=\"waiting\"} 3\n"));
  EXPECT_THAT(text, HasSubstr("passerelle_outbox_entries{state=\"dead\"} 2\n"));
  const auto counts = outbox_.CountBacklog();
  ASSERT_TRUE(counts);
  EXPECT_EQ(counts->oldest_waiting_us, 1'000'001'000'000);
}

TEST_F(BacklogTest, OldKeys_AreSweptInBatches_YoungOnesStay) {
  for (int i = 0; i < 7; ++i) {
    Receive(std::to_string(i));
  }
  Run("UPDATE message_key SET horizon_at = now() - interval '1 s' WHERE control_id <> '0'");
  ASSERT_TRUE(SweepKeys(journal_, 2, 2));
  EXPECT_EQ(journal_.Count()->keys, 3) << "two batches of two, and no more";
  ASSERT_TRUE(SweepKeys(journal_, 2, 100));
  EXPECT_EQ(journal_.Count()->keys, 1);
}

TEST_F(BacklogTest, DatabaseAway_IsAnExpectedFailure) {
  store::pg::PoolOptions options;
  options.connection.conninfo = "host=/nowhere dbname=none";
  options.wait_ms_max = 100;
  store::pg::Pool nowhere(options);
  store::JournalStore journal(nowhere);
  store::OutboxStore outbox(nowhere);
  telemetry::Metrics metrics;
  EXPECT_FALSE(RefreshBacklog(journal, outbox, 0, metrics));
  EXPECT_FALSE(SweepKeys(journal, 2, 2));
}

TEST_F(BacklogTest, ConnectionOfAnEnvironmentVariable_IsUsed) {
  ::setenv("PASSERELLE_BACKLOG_TEST_DB", database_.conninfo().c_str(), 1);
  settings::Database settings;
  settings.connection = "env:PASSERELLE_BACKLOG_TEST_DB";
  const auto opened = Database::Open(settings, nullptr, nullptr);
  ASSERT_TRUE(opened) << opened.error().internal_text.text;
  EXPECT_TRUE((*opened)->pool().CheckHealth());
  const auto attached = Database::Attach(settings);
  ASSERT_TRUE(attached);
  EXPECT_TRUE((*attached)->pool().CheckHealth());

  ::unsetenv("PASSERELLE_BACKLOG_TEST_DB");
  const auto missing = Database::Open(settings, nullptr, nullptr);
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, fhir::ErrorCode::kConfiguration);
  EXPECT_THAT(missing.error().public_text.text, HasSubstr("database.connection"));
}

}  // namespace
}  // namespace gateway::app
