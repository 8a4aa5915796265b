#include "gateway/store/outbox_store.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "gateway/store/journal_statements.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace gateway::store {
namespace {

using adapters::port::OutboxState;
using tests::support::TestDatabase;

class OutboxStoreTest : public testing::Test {
 protected:
  OutboxStoreTest() : pool_(database_.MakePool(4)), outbox_(*pool_) {}

  std::int64_t Put(std::string_view destination, std::string_view order_key, std::string_view payload = "p") {
    const auto lease = pool_->Acquire();
    const auto rows = (*lease)->Execute(
        kInsertOutbox,
        pg::Parameters().Text(destination).Text("rest-hook").Text(order_key).Text("Task/1/_history/1").Bytes(payload));
    EXPECT_TRUE(rows) << rows.error().internal_text.text;
    return rows ? (*rows)[0].Int(0) : 0;
  }
  std::vector<std::int64_t> ClaimIds(int entries_max = 10) {
    std::vector<std::int64_t> ids;
    const auto claimed = outbox_.Claim(60'000, entries_max);
    EXPECT_TRUE(claimed) << claimed.error().internal_text.text;
    for (const auto& entry : *claimed) {
      ids.push_back(entry.id);
    }
    std::sort(ids.begin(), ids.end());
    return ids;
  }

  TestDatabase database_;
  std::unique_ptr<pg::Pool> pool_;
  OutboxStore outbox_;
};

using Ids = std::vector<std::int64_t>;

TEST_F(OutboxStoreTest, Claimed_CarriesWhatWasPut) {
  const std::string payload("\0{}\xff", 4);
  const auto id = Put("platform", "Appointment/1", payload);
  const auto claimed = outbox_.Claim(60'000, 10);
  ASSERT_EQ(claimed->size(), 1u);
  const auto& entry = claimed->front();
  EXPECT_EQ(entry.id, id);
  EXPECT_EQ(entry.message.destination, "platform");
  EXPECT_EQ(entry.message.kind, "rest-hook");
  EXPECT_EQ(entry.message.order_key, "Appointment/1");
  EXPECT_EQ(entry.message.cause, "Task/1/_history/1");
  EXPECT_EQ(entry.message.payload, payload);
  EXPECT_EQ(entry.attempts, 0);
}

TEST_F(OutboxStoreTest, SameOrderKey_GoesOneAfterAnother) {
  const auto first = Put("a", "k");
  const auto second = Put("a", "k");
  const auto elsewhere = Put("b", "k");
  EXPECT_EQ(ClaimIds(), (Ids{first, elsewhere}));
  EXPECT_EQ(ClaimIds(), Ids{});
  ASSERT_TRUE(outbox_.Delivered(first, "200"));
  EXPECT_EQ(ClaimIds(), Ids{second});
}

TEST_F(OutboxStoreTest, FirstWaitsForItsRetry_SecondWaitsToo) {
  const auto first = Put("a", "k");
  const auto second = Put("a", "k");
  ASSERT_EQ(ClaimIds(), Ids{first});
  ASSERT_TRUE(outbox_.Retry(first, 3'600'000, "unavailable"));
  EXPECT_EQ(ClaimIds(), Ids{});
  ASSERT_TRUE(outbox_.Dead(first, "given up"));
  EXPECT_EQ(ClaimIds(), Ids{second});
}

TEST_F(OutboxStoreTest, RetryDue_IsClaimedWithItsAttempts) {
  const auto id = Put("a", "k");
  ClaimIds();
  ASSERT_TRUE(outbox_.Retry(id, 0, "unavailable: connection refused"));
  const auto claimed = outbox_.Claim(60'000, 10);
  ASSERT_EQ(claimed->size(), 1u);
  EXPECT_EQ(claimed->front().attempts, 1);
  EXPECT_EQ(outbox_.Show(id)->last_reason, "unavailable: connection refused");
}

TEST_F(OutboxStoreTest, LeaseEnded_IsClaimedAgain) {
  const auto id = Put("a", "k");
  EXPECT_EQ(outbox_.Claim(0, 1)->size(), 1u);
  EXPECT_EQ(ClaimIds(), Ids{id});
}

TEST_F(OutboxStoreTest, DestinationsLeftOut_StayWaiting) {
  Put("dead", "1");
  const auto id = Put("live", "1");
  const std::vector<std::string> left_out{"dead", "other"};
  const auto claimed = outbox_.ClaimExcept(60'000, 10, left_out);
  ASSERT_EQ(claimed->size(), 1u);
  EXPECT_EQ(claimed->front().id, id);
}

TEST_F(OutboxStoreTest, Limit_Holds) {
  for (int i = 0; i < 5; ++i) {
    Put("a", std::to_string(i));
  }
  EXPECT_EQ(ClaimIds(3).size(), 3u);
  EXPECT_EQ(ClaimIds(3).size(), 2u);
}

TEST_F(OutboxStoreTest, Settled_CannotBeSettledAgain) {
  const auto id = Put("a", "k");
  ASSERT_TRUE(outbox_.Delivered(id, "202"));
  EXPECT_EQ(outbox_.Delivered(id, "202").error().code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(outbox_.Retry(id, 0, "r").error().code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(outbox_.Dead(id, "r").error().code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(outbox_.Replay(id).error().code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(outbox_.Show(id)->answer, "202");
}

TEST_F(OutboxStoreTest, DeadLetter_IsListedShownAndReplayed) {
  const auto id = Put("a", "k", "body");
  Put("a", "other");
  ASSERT_TRUE(outbox_.Dead(id, "peer-refused: 410"));
  const auto dead = outbox_.List({.state = OutboxState::kDead});
  ASSERT_EQ(dead->size(), 1u);
  EXPECT_EQ(dead->front().entry.id, id);
  EXPECT_EQ(dead->front().entry.message.payload, "");
  EXPECT_EQ(dead->front().last_reason, "peer-refused: 410");
  EXPECT_EQ(outbox_.Show(id)->entry.message.payload, "body");
  EXPECT_EQ(outbox_.Count()->dead, 1);
  ASSERT_TRUE(outbox_.Replay(id));
  EXPECT_EQ(outbox_.Show(id)->state, OutboxState::kWaiting);
  EXPECT_EQ(outbox_.Count()->waiting, 2);
  EXPECT_EQ(outbox_.Replay(id + 256 * 1000).error().code, fhir::ErrorCode::kNotFound);
}

TEST_F(OutboxStoreTest, LongReason_IsCutBetweenCharacters) {
  const auto id = Put("a", "k");
  std::string reason(3999, 'x');
  reason += "é and more";
  ASSERT_TRUE(outbox_.Dead(id, reason));
  EXPECT_EQ(outbox_.Show(id)->last_reason, std::string(3999, 'x'));
}

}  // namespace
}  // namespace gateway::store
