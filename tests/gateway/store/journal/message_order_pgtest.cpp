// Messages of one partner and patient keep their order, whoever works on them.
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <iterator>
#include <map>
#include <mutex>
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
using Ids = std::vector<std::int64_t>;

class MessageOrder : public testing::Test {
 protected:
  MessageOrder() : pool_(database_.MakePool(8)), journal_(*pool_) {}

  adapters::port::ReceiveResult Put(std::vector<std::string> patients, std::string partner = "chu") {
    InboundMessage message{.partner = std::move(partner),
                           .channel = "mllp",
                           .control_id = "C" + std::to_string(++received_),
                           .type = "ADT^A01",
                           .raw = "MSH|synthetic",
                           .patients = std::move(patients)};
    auto result = journal_.Receive(message);
    EXPECT_TRUE(result) << result.error().internal_text.text;
    return *std::move(result);
  }
  std::int64_t PutId(std::vector<std::string> patients) { return Put(std::move(patients)).entry.id; }
  bool Finish(const MessageEnd& end) {
    const auto lease = pool_->Acquire();
    return (*lease)->Execute(kFinishMessage, FinishParameters(end)).has_value();
  }
  bool Commit(std::int64_t id) { return Finish({.message = id, .ack = "AA"}); }
  bool Refuse(std::int64_t id) {
    return Finish({.message = id, .state = MessageState::kRefused, .ack = "AE", .holds = true});
  }
  bool Park(std::int64_t id, std::int64_t holder) {
    return Finish({.message = id, .state = MessageState::kParked, .ack = "AE", .held_by = holder});
  }
  Ids Claim() {
    Ids ids;
    const auto claimed = journal_.ClaimUnfinished(60'000, 100);
    EXPECT_TRUE(claimed) << claimed.error().internal_text.text;
    for (const auto& entry : *claimed) {
      ids.push_back(entry.id);
    }
    return ids;
  }

  TestDatabase database_;
  std::unique_ptr<pg::Pool> pool_;
  JournalStore journal_;
  int received_ = 0;
};

TEST_F(MessageOrder, OnlyTheFirstOfAPatient_IsClaimedOrEnded) {
  const auto first = PutId({"s|1"});
  const auto second = PutId({"s|1"});
  const auto other = PutId({"s|2"});
  const auto nobody = PutId({});
  EXPECT_EQ(Claim(), (Ids{first, other, nobody}));
  EXPECT_FALSE(Commit(second));
  EXPECT_EQ(journal_.Before(second)->value().id, first);
  EXPECT_FALSE(journal_.Before(first)->has_value());
  EXPECT_TRUE(Commit(first));
  EXPECT_EQ(Claim(), Ids{second});
  EXPECT_TRUE(Commit(second));
}

TEST_F(MessageOrder, MessageOfTwoPatients_WaitsForBoth_AndBothWaitForIt) {
  const auto one = PutId({"s|1"});
  const auto two = PutId({"s|2"});
  const auto merge = PutId({"s|1", "s|2"});
  const auto later_one = PutId({"s|1"});
  const auto later_two = PutId({"s|2"});
  EXPECT_EQ(Claim(), (Ids{one, two}));
  EXPECT_TRUE(Commit(one));
  EXPECT_FALSE(Commit(merge));
  EXPECT_TRUE(Commit(two));
  EXPECT_EQ(Claim(), Ids{merge});
  EXPECT_FALSE(Commit(later_one));
  EXPECT_FALSE(Commit(later_two));
  EXPECT_TRUE(Refuse(merge));
  EXPECT_FALSE(Commit(later_two)) << "it holds the second as well as the first";
  EXPECT_TRUE(Put({"s|2"}).held);
  EXPECT_TRUE(Put({"s|1"}).held);
  EXPECT_FALSE(Put({"s|3"}).held);
}

TEST_F(MessageOrder, SameNumberOfAnotherPartner_IsNotHeld) {
  EXPECT_TRUE(Refuse(PutId({"s|1"})));
  EXPECT_FALSE(Put({"s|1"}, "clinic").held);
}

TEST_F(MessageOrder, HolderThatIsApplied_ReleasesWhatItHeld_InOrder) {
  const auto bad = PutId({"s|1"});
  ASSERT_TRUE(Refuse(bad));
  Ids held;
  for (int i = 0; i < 3; ++i) {
    const auto received = Put({"s|1"});
    EXPECT_TRUE(received.held);
    ASSERT_EQ(journal_.Before(received.entry.id)->value().id, bad);
    ASSERT_TRUE(Park(received.entry.id, bad));
    held.push_back(received.entry.id);
  }
  const auto backlog = journal_.CountBacklog();
  EXPECT_EQ(backlog->parked, 3);
  EXPECT_EQ(backlog->holding, 1);
  EXPECT_EQ(*journal_.Release(100), 0);
  ASSERT_TRUE(journal_.Replay(bad));
  EXPECT_EQ(*journal_.Release(100), 0) << "it holds until it has ended anew";
  EXPECT_EQ(Claim(), Ids{bad});
  ASSERT_TRUE(Commit(bad));
  EXPECT_EQ(*journal_.Release(100), 3);
  for (const std::int64_t id : held) {
    EXPECT_EQ(Claim(), Ids{id});
    EXPECT_TRUE(Commit(id));
  }
  EXPECT_EQ(journal_.Count()->committed, 4);
}

TEST_F(MessageOrder, WhatWaitsBehindAHolder_IsParked_UnlessSomebodyHasItInHand) {
  const auto bad = PutId({"s|1"});
  const auto waiting = PutId({"s|2", "s|1"});
  const auto other = PutId({"s|2"});
  InboundMessage in_hand{.partner = "chu", .channel = "mllp", .control_id = "H", .type = "ADT^A01", .raw = "MSH|h"};
  in_hand.patients = {"s|1"};
  in_hand.lease_ms = 60'000;
  const auto held_by_connection = journal_.Receive(in_hand)->entry.id;
  EXPECT_EQ(*journal_.ParkBehind(bad), 0) << "it holds nothing yet";
  ASSERT_TRUE(Refuse(bad));
  EXPECT_EQ(*journal_.ParkBehind(bad), 1);
  EXPECT_EQ(journal_.Get(waiting)->state, MessageState::kParked);
  EXPECT_EQ(journal_.Get(waiting)->held_by, bad);
  EXPECT_EQ(journal_.Get(other)->state, MessageState::kReceived);
  EXPECT_EQ(journal_.Get(held_by_connection)->state, MessageState::kReceived);
  EXPECT_TRUE(journal_.Check()->conserved());
}

TEST_F(MessageOrder, HolderThatIsDiscarded_ReleasesWhatItHeld_AndStaysSo) {
  const auto bad = PutId({"s|1"});
  ASSERT_TRUE(Refuse(bad));
  const auto held = PutId({"s|1"});
  ASSERT_TRUE(Park(held, bad));
  ASSERT_TRUE(journal_.Discard(bad));
  ASSERT_TRUE(journal_.Discard(bad)) << "twice is once";
  EXPECT_EQ(journal_.Get(bad)->state, MessageState::kDiscarded);
  EXPECT_EQ(journal_.Replay(bad).error().code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(*journal_.Release(100), 1);
  EXPECT_EQ(Claim(), Ids{held});
  ASSERT_TRUE(Commit(held));
  EXPECT_EQ(journal_.Discard(held).error().code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(journal_.Discard(held + 256).error().code, fhir::ErrorCode::kNotFound);
}

TEST_F(MessageOrder, MessageInHand_IsNotDiscarded_OneThatFailsForTheMomentIs) {
  const auto id = PutId({"s|1"});
  EXPECT_EQ(Claim(), Ids{id});
  EXPECT_EQ(journal_.Discard(id).error().code, fhir::ErrorCode::kConflict);
  ASSERT_TRUE(journal_.Postpone(id, 60'000));
  EXPECT_TRUE(journal_.Discard(id));
}

TEST_F(MessageOrder, PausedMessage_HoldsUpItsOwnPatientAlone) {
  const auto paused = PutId({"s|1"});
  const auto behind = PutId({"s|1"});
  const auto other = PutId({"s|2"});
  ASSERT_EQ(Claim(), (Ids{paused, other}));
  ASSERT_TRUE(journal_.Postpone(paused, 3'600'000));
  EXPECT_EQ(Claim(), Ids{});
  EXPECT_FALSE(Commit(behind));
  EXPECT_TRUE(Commit(other));
}

TEST_F(MessageOrder, QuestionsAboutOpenMessages_GoAlongTheIndexOfTheirLane) {
  // As it is planned while nothing is open, and goes on when a hundred thousand are.
  const auto connection = database_.Connect();
  ASSERT_TRUE(connection->ExecuteScript(
      "prepare", "SET plan_cache_mode = force_generic_plan; PREPARE finish AS " + std::string(kFinishMessage.sql)));
  const auto rows = connection->ExecuteAdHoc(
      "explain", "EXPLAIN (COSTS OFF) EXECUTE finish (1, 'committed', '', '', '', '', false, NULL)", {});
  ASSERT_TRUE(rows) << rows.error().internal_text.text;
  std::string plan;
  for (int i = 0; i < rows->size(); ++i) {
    plan += (*rows)[i].String(0) + "\n";
  }
  EXPECT_NE(plan.find("Scan using message_lane on"), std::string::npos) << plan;
  EXPECT_NE(plan.find("Scan using message_second_lane on"), std::string::npos) << plan;
}

TEST_F(MessageOrder, ManyWorkersOfTwoNodes_EndEachPatientsMessagesInOrder) {
  constexpr int kPatients = 5;
  constexpr int kEach = 12;
  std::map<std::int64_t, int> patient_of;
  for (int i = 0; i < kPatients * kEach; ++i) {
    // Every tenth names the next patient too.
    const int patient = i % kPatients;
    std::vector<std::string> patients{"s|" + std::to_string(patient)};
    if (i % 10 == 9) {
      patients.push_back("s|" + std::to_string((patient + 1) % kPatients));
    }
    patient_of[PutId(patients)] = patient;
  }
  const auto second_pool = database_.MakePool(4);
  JournalStore second_node(*second_pool);
  std::mutex mutex;
  std::map<int, Ids> ended;
  std::atomic<int> done{0};
  std::atomic<int> failed{0};
  std::vector<std::thread> workers;
  for (int w = 0; w < 6; ++w) {
    workers.emplace_back([&, w] {
      JournalStore& node = w % 2 == 0 ? journal_ : second_node;
      while (done < kPatients * kEach && failed == 0) {
        const auto claimed = node.ClaimUnfinished(60'000, 3);
        if (!claimed) {
          ++failed;
          return;
        }
        for (const auto& entry : *claimed) {
          if (!Commit(entry.id)) {
            ++failed;
            return;
          }
          const std::lock_guard lock(mutex);
          ended[patient_of.at(entry.id)].push_back(entry.id);
          ++done;
        }
      }
    });
  }
  for (std::thread& worker : workers) {
    worker.join();
  }
  EXPECT_EQ(failed, 0);
  for (auto& [patient, ids] : ended) {
    EXPECT_EQ(ids.size(), static_cast<std::size_t>(kEach));
    // By the database's clock: a worker may be held up between its commit and its note of it.
    std::sort(ids.begin(), ids.end());
    std::vector<std::int64_t> times;
    std::transform(ids.begin(), ids.end(), std::back_inserter(times),
                   [&](std::int64_t id) { return journal_.Get(id)->finished_us; });
    EXPECT_TRUE(std::is_sorted(times.begin(), times.end())) << patient;
  }
}

}  // namespace
}  // namespace gateway::store
