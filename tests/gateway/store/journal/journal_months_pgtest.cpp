// What a month held is put away, and dropped when it is old; what is not finished stays.
#include "gateway/store/journal_months.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "gateway/store/journal_statements.hpp"
#include "gateway/store/journal_store.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace gateway::store {
namespace {

using adapters::port::InboundMessage;
using adapters::port::MessageEnd;
using adapters::port::MessageState;
using tests::support::TestDatabase;
using Names = std::vector<std::string>;

constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr std::int64_t kJune2031 = 1'938'038'400'000'000;  // the first, 00:00 UTC
constexpr std::int64_t kJuly2031 = kJune2031 + 30 * kDayUs;
constexpr std::int64_t kAugust2031 = kJuly2031 + 31 * kDayUs;
constexpr std::int64_t kSeptember2031 = kAugust2031 + 31 * kDayUs;

class JournalMonths : public testing::Test {
 protected:
  JournalMonths() : pool_(database_.MakePool(8)), journal_(*pool_, {.chunk_bytes = 1000}) {}

  std::int64_t Put(const std::string& control_id, std::vector<std::string> patients = {}, std::size_t bytes = 20) {
    InboundMessage message{.partner = "chu", .channel = "mllp", .control_id = control_id, .type = "ADT^A01"};
    message.raw = "MSH|" + control_id + std::string(bytes, '.');
    message.patients = std::move(patients);
    const auto received = journal_.Receive(message);
    EXPECT_TRUE(received) << received.error().internal_text.text;
    return received->entry.id;
  }
  bool End(std::int64_t id, MessageState state, bool holds = false) {
    const auto lease = pool_->Acquire();
    return (*lease)
        ->Execute(kFinishMessage, FinishParameters({.message = id, .state = state, .ack = "ack", .holds = holds}))
        .has_value();
  }
  void Sql(const std::string& sql) { ASSERT_TRUE(database_.Connect()->ExecuteScript("months", sql)) << sql; }
  /// All that was received, at that time.
  void ReceivedAt(std::int64_t us) {
    Sql("UPDATE message SET received_at = to_timestamp(" + std::to_string(us / 1'000'000) + ")");
  }
  MonthsReport Keep(std::int64_t now_us, int keep_months = 0) {
    const auto report = KeepMonths(*pool_, {.keep_months = keep_months, .now_us = now_us});
    EXPECT_TRUE(report) << report.error().internal_text.text;
    return report ? *report : MonthsReport();
  }
  std::int64_t Count(const std::string& table) {
    return (*database_.Connect()->ExecuteAdHoc("count", "SELECT count(*) FROM " + table, {}))[0].Int(0);
  }

  TestDatabase database_;
  std::unique_ptr<pg::Pool> pool_;
  JournalStore journal_;
};

TEST_F(JournalMonths, EndedMonth_IsPutAwayOnce_AndReadAsBefore) {
  const auto done = Put("DONE", {"s|1"}, 2500);
  ASSERT_TRUE(End(done, MessageState::kCommitted));
  ReceivedAt(kJuly2031 - kDayUs);
  EXPECT_EQ(Keep(kJuly2031 - 1).ended, "") << "its month has not ended";
  EXPECT_EQ(Keep(kJuly2031).ended, "message_2031_06");
  EXPECT_EQ(Keep(kJuly2031).ended, "");
  EXPECT_EQ(Keep(kJuly2031 + kDayUs).ended, "");
  EXPECT_EQ(Count("message"), 0);
  EXPECT_EQ(Count("message_chunk_2031_06"), 3);
  EXPECT_EQ(Count("journal"), 1);

  EXPECT_EQ(journal_.Get(done)->raw, "MSH|DONE" + std::string(2500, '.'));
  EXPECT_EQ(journal_.List({.control_id = "DONE"})->size(), 1u);
  EXPECT_EQ(journal_.List({.patient = "s|1"})->size(), 1u);
  InboundMessage repeat{.partner = "chu", .channel = "mllp", .control_id = "DONE", .type = "ADT^A01"};
  repeat.raw = "MSH|DONE" + std::string(2500, '.');
  const auto again = journal_.Receive(repeat);
  EXPECT_TRUE(again->repeated) << "recognised across the months";
  EXPECT_EQ(again->entry.ack, "ack");
  EXPECT_EQ(journal_.Replay(done).error().code, fhir::ErrorCode::kConflict) << "it was committed";
  EXPECT_TRUE(journal_.Check()->conserved());
  EXPECT_EQ(journal_.Check()->received, 1);
}

TEST_F(JournalMonths, WhatIsNotFinished_StaysInHand_InItsOrder_WithItsBytes) {
  const auto holder = Put("HOLDS", {"s|1"});
  const auto parked = Put("PARKED", {"s|1"});
  const auto waits = Put("WAITS", {"s|2"}, 2500);
  const auto behind = Put("BEHIND", {"s|2"});
  ASSERT_TRUE(End(holder, MessageState::kRefused, true));
  ASSERT_TRUE(End(parked, MessageState::kParked));
  ReceivedAt(kJune2031);
  EXPECT_EQ(Keep(kJuly2031).ended, "") << "nothing has ended: there is nothing to put away";
  ASSERT_TRUE(End(Put("DONE"), MessageState::kCommitted));
  ReceivedAt(kJune2031);
  const auto report = Keep(kJuly2031);
  EXPECT_EQ(report.ended, "message_2031_06");
  EXPECT_EQ(report.moved, 4);
  EXPECT_EQ(Count("message"), 4);
  EXPECT_EQ(Count("message_2031_06"), 1);
  EXPECT_EQ(Count("message_chunk"), 3);

  const auto later = Put("LATER", {"s|1"});
  EXPECT_EQ(journal_.Before(later)->value().id, holder);
  const auto claimed = journal_.ClaimUnfinished(1000, 10);
  ASSERT_EQ(claimed->size(), 1u) << "the first of its patient alone";
  EXPECT_EQ((*claimed)[0].id, waits);
  EXPECT_EQ((*claimed)[0].raw.size(), 2509u);
  EXPECT_FALSE(End(behind, MessageState::kCommitted));
  EXPECT_TRUE(End(waits, MessageState::kCommitted));
  EXPECT_TRUE(End(behind, MessageState::kCommitted));
  EXPECT_TRUE(journal_.Check()->conserved());
}

TEST_F(JournalMonths, RefusedMessageOfAPastMonth_IsTakenUpAgain) {
  const auto refused = Put("BAD", {}, 2500);
  ASSERT_TRUE(End(refused, MessageState::kRefused));
  const auto other = Put("OTHER");
  ASSERT_TRUE(End(other, MessageState::kRefused));
  ReceivedAt(kJune2031);
  ASSERT_EQ(Keep(kJuly2031).ended, "message_2031_06");
  ASSERT_EQ(Count("message"), 0);
  EXPECT_TRUE(journal_.Replay(refused));
  EXPECT_EQ(journal_.Get(refused)->state, MessageState::kReceived);
  EXPECT_EQ(journal_.ClaimUnfinished(1000, 10)->at(0).raw.size(), 2507u);
  EXPECT_EQ(Count("message_chunk"), 3) << "its bytes came with it";
  EXPECT_TRUE(journal_.Discard(other));
  EXPECT_EQ(journal_.Get(other)->state, MessageState::kDiscarded);
  EXPECT_EQ(Count("message_2031_06"), 0);
  EXPECT_TRUE(End(refused, MessageState::kCommitted));
  EXPECT_EQ(Keep(kJuly2031 + kDayUs).ended, "") << "they go with the month that they are in";
  EXPECT_EQ(Keep(kAugust2031).ended, "message_2031_07");
  EXPECT_TRUE(journal_.Check()->conserved());
}

TEST_F(JournalMonths, OldMonth_IsDropped_WhenItsRepeatsAreForgotten) {
  for (const auto& [name, month] : {std::pair("JUNE", kJune2031), std::pair("JULY", kJuly2031)}) {
    ASSERT_TRUE(End(Put(name, {}, 2500), MessageState::kCommitted));
    Sql("UPDATE message SET received_at = to_timestamp(" + std::to_string(month / 1'000'000) +
        ") WHERE control_id = '" + name + "'");
    Sql("UPDATE message_key SET horizon_at = to_timestamp(" + std::to_string(month / 1'000'000) +
        ") + interval '30 days' WHERE control_id = '" + std::string(name) + "'");
    ASSERT_NE(Keep(month + 31 * kDayUs).ended, "");
  }
  const auto parked = Put("PARKED");
  ASSERT_TRUE(End(parked, MessageState::kParked));
  ReceivedAt(kJune2031);
  Sql("UPDATE message_key SET horizon_at = 'infinity' WHERE control_id = 'PARKED'");
  EXPECT_EQ(Keep(kSeptember2031 + 400 * kDayUs, 0).dropped, Names()) << "0 months: for ever";
  EXPECT_EQ(Keep(kSeptember2031 - 1, 2).dropped, Names()) << "June ended less than two months ago";
  EXPECT_EQ(Keep(kSeptember2031, 2).dropped, Names()) << "its key is there";
  Sql("DELETE FROM message_key WHERE control_id = 'JUNE'");
  EXPECT_EQ(Keep(kSeptember2031, 3).dropped, Names());
  EXPECT_EQ(Keep(kSeptember2031, 2).dropped, Names{"message_2031_06"});
  EXPECT_EQ(Count("journal"), 2);
  EXPECT_EQ(Count("journal_chunk"), 3);
  EXPECT_EQ(journal_.Get(parked)->state, MessageState::kParked) << "whatever its age";
  EXPECT_TRUE(journal_.Check()->conserved());
}

TEST_F(JournalMonths, ClockThatStepsBack_NeitherTurnsNorDrops) {
  ASSERT_TRUE(End(Put("1"), MessageState::kCommitted));
  ReceivedAt(kJune2031);
  ASSERT_EQ(Keep(kAugust2031).ended, "message_2031_07");
  ASSERT_TRUE(End(Put("2"), MessageState::kCommitted));
  ReceivedAt(kJune2031);
  EXPECT_EQ(Keep(kJuly2031, 1).ended, "");
  EXPECT_EQ(Keep(kJuly2031, 1).dropped, Names());
}

TEST_F(JournalMonths, MoreUnfinishedThanMayMove_LeaveTheMonthWhereItIs) {
  ASSERT_TRUE(End(Put("DONE"), MessageState::kCommitted));
  Put("A");
  Put("B");
  ReceivedAt(kJune2031);
  const auto full = KeepMonths(*pool_, {.open_max = 1, .now_us = kJuly2031});
  EXPECT_TRUE(full->too_many_open);
  EXPECT_EQ(full->ended, "");
  EXPECT_EQ(KeepMonths(*pool_, {.open_max = 2, .now_us = kJuly2031})->ended, "message_2031_06");
}

TEST_F(JournalMonths, TurnThatCannotHaveItsLock_GivesUpSoon_AndNothingHasChanged) {
  ASSERT_TRUE(End(Put("DONE"), MessageState::kCommitted));
  ReceivedAt(kJune2031);
  const auto reader = database_.Connect();
  ASSERT_TRUE(reader->ExecuteScript("hold", "BEGIN; SELECT count(*) FROM message"));
  const auto turned = KeepMonths(*pool_, {.lock_timeout_ms = 50, .now_us = kJuly2031});
  ASSERT_FALSE(turned);
  EXPECT_EQ(turned.error().retry, fhir::Retry::kLater);
  EXPECT_EQ(Count("message"), 1);
  ASSERT_TRUE(reader->ExecuteScript("release", "COMMIT"));
  EXPECT_EQ(Keep(kJuly2031).ended, "message_2031_06");
}

TEST_F(JournalMonths, TurnsUnderLoad_LoseAndDoubleNothing) {
  constexpr int kThreads = 4;
  constexpr int kTurns = 6;
  std::atomic<bool> stop = false;
  std::atomic<int> committed = 0;
  std::atomic<int> failed = 0;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      for (int n = 0; !stop; ++n) {
        InboundMessage message{.partner = "chu", .channel = "mllp", .type = "ADT^A01", .raw = "MSH|synthetic"};
        message.control_id = std::to_string(t) + "-" + std::to_string(n);
        message.patients = {"s|" + std::to_string(t)};
        message.lease_ms = 60'000;
        const auto received = journal_.Receive(message);
        if (!received || !End(received->entry.id, MessageState::kCommitted)) {
          ++failed;
          return;
        }
        ++committed;
      }
    });
  }
  const auto wait_for = [&](int count) {
    while (committed < count && failed == 0) {
      std::this_thread::yield();
    }
  };
  int turned = 0;
  for (std::int64_t now = kJuly2031; turned < kTurns && failed == 0;) {
    wait_for(committed + 20);
    const auto report = KeepMonths(*pool_, {.lock_timeout_ms = 2'000, .now_us = now});
    if (report && !report->ended.empty()) {
      ++turned;
      now += 31 * kDayUs;
    }
  }
  wait_for(committed + 20);
  stop = true;
  for (auto& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(failed, 0);
  EXPECT_EQ(Count("pg_inherits WHERE inhparent = 'journal'::regclass"), kTurns + 1);
  const auto check = journal_.Check();
  EXPECT_TRUE(check->conserved());
  EXPECT_EQ(check->committed, committed);
}

}  // namespace
}  // namespace gateway::store
