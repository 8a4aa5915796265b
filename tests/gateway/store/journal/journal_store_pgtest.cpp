#include "gateway/store/journal_store.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "gateway/store/journal_statements.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace gateway::store {
namespace {

using adapters::port::InboundMessage;
using adapters::port::MessageState;
using tests::support::TestDatabase;

class JournalStoreTest : public testing::Test {
 protected:
  JournalStoreTest() : pool_(database_.MakePool(8)), journal_(*pool_) {}

  static InboundMessage Message(std::string control_id, std::string raw = "MSH|synthetic") {
    return {.partner = "chu",
            .channel = "mllp",
            .control_id = std::move(control_id),
            .type = "ADT^A01",
            .raw = std::move(raw)};
  }
  bool Finish(std::int64_t id, MessageState state, std::string_view ack) {
    const auto lease = pool_->Acquire();
    const auto rows =
        (*lease)->Execute(kFinishMessage, FinishParameters({.message = id,
                                                            .state = state,
                                                            .ack = ack,
                                                            .error_code = "101",
                                                            .error_place = "PID-7",
                                                            .patient_key = "authority|ipp",
                                                            .holds = state == MessageState::kRefused,
                                                            .held_by = state == MessageState::kParked ? held_by_ : 0}));
    return rows.has_value();
  }

  TestDatabase database_;
  std::unique_ptr<pg::Pool> pool_;
  JournalStore journal_;
  std::int64_t held_by_ = 0;
};

TEST_F(JournalStoreTest, Received_IsKeptByteForByte) {
  const std::string raw("MSH|^~\\&|\xe9\0\xff\r", 13);
  const auto received = journal_.Receive(Message("1", raw));
  ASSERT_TRUE(received) << received.error().internal_text.text;
  EXPECT_FALSE(received->repeated);
  EXPECT_EQ(received->entry.state, MessageState::kReceived);
  EXPECT_GT(received->entry.received_us, 1'000'000'000'000'000);
  const auto entry = journal_.Get(received->entry.id);
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->raw, raw);
  EXPECT_EQ(entry->partner, "chu");
  EXPECT_EQ(entry->channel, "mllp");
  EXPECT_EQ(entry->control_id, "1");
  EXPECT_EQ(entry->type, "ADT^A01");
  EXPECT_EQ(entry->finished_us, 0);
}

TEST_F(JournalStoreTest, AroundTheChunkSize_ComesBackByteForByte) {
  for (const std::size_t bytes : {1024u * 1024, 1024u * 1024 + 1, 3u * 1024 * 1024 + 7}) {
    std::string raw;
    while (raw.size() < bytes) {
      raw += "OBX|" + std::to_string(raw.size()) + "|synthetic\r";
    }
    raw.resize(bytes);
    const auto received = journal_.Receive(Message(std::to_string(bytes), raw));
    ASSERT_TRUE(received) << received.error().internal_text.text;
    EXPECT_EQ(journal_.Get(received->entry.id).value().raw, raw);
    const auto again = journal_.Receive(Message(std::to_string(bytes), raw));
    ASSERT_TRUE(again);
    EXPECT_TRUE(again->repeated);
    EXPECT_EQ(again->entry.id, received->entry.id);
  }
}

TEST_F(JournalStoreTest, AtItsLimit_IsKeptAndBeyondIsTooLarge) {
  JournalStore small(*pool_, {.raw_bytes_max = 100});
  EXPECT_TRUE(small.Receive(Message("1", std::string(100, 'x'))));
  const auto refused = small.Receive(Message("2", std::string(101, 'x')));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, fhir::ErrorCode::kTooLarge);
}

TEST_F(JournalStoreTest, Repeat_ReturnsTheFirstWithItsAcknowledgement) {
  const auto first = journal_.Receive(Message("7"));
  ASSERT_TRUE(Finish(first->entry.id, MessageState::kCommitted, "MSA|AA|7"));
  const auto again = journal_.Receive(Message("7"));
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->repeated);
  EXPECT_EQ(again->entry.id, first->entry.id);
  EXPECT_EQ(again->entry.state, MessageState::kCommitted);
  EXPECT_EQ(again->entry.ack, "MSA|AA|7");
  EXPECT_EQ(journal_.Count()->committed, 1);
}

TEST_F(JournalStoreTest, SameControlIdWithOtherBytesOrPartner_IsAnotherMessage) {
  const auto first = journal_.Receive(Message("7", "a"));
  const auto other_bytes = journal_.Receive(Message("7", "b"));
  InboundMessage elsewhere = Message("7", "a");
  elsewhere.partner = "clinic";
  const auto other_partner = journal_.Receive(elsewhere);
  EXPECT_FALSE(other_bytes->repeated);
  EXPECT_FALSE(first->entry.reused_id);
  EXPECT_TRUE(other_bytes->entry.reused_id) << "accepted, and flagged";
  EXPECT_FALSE(other_partner->entry.reused_id);
  EXPECT_TRUE(journal_.Get(other_bytes->entry.id)->reused_id);
  EXPECT_FALSE(journal_.Receive(Message("", "a"))->entry.reused_id);
  EXPECT_FALSE(journal_.Receive(Message("", "b"))->entry.reused_id) << "no id is no id";
  EXPECT_FALSE(other_partner->repeated);
  EXPECT_NE(first->entry.id, other_bytes->entry.id);
  EXPECT_NE(first->entry.id, other_partner->entry.id);
}

TEST_F(JournalStoreTest, RepeatOfRefused_IsTakenUpAgain) {
  const auto first = journal_.Receive(Message("7"));
  ASSERT_TRUE(Finish(first->entry.id, MessageState::kRefused, "MSA|AE|7"));
  const auto again = journal_.Receive(Message("7"));
  ASSERT_TRUE(again);
  EXPECT_FALSE(again->repeated);
  EXPECT_EQ(again->entry.id, first->entry.id);
  EXPECT_EQ(again->entry.state, MessageState::kReceived);
  EXPECT_EQ(again->entry.ack, "");
  EXPECT_EQ(again->refusal, "MSA|AE|7");
  EXPECT_EQ(journal_.Get(first->entry.id)->state, MessageState::kReceived);
  EXPECT_TRUE(journal_.Receive(Message("7"))->repeated);
}

TEST_F(JournalStoreTest, SameMessageFromManyAtOnce_IsFirstForExactlyOne) {
  std::atomic<int> first = 0;
  std::atomic<int> repeated = 0;
  std::vector<std::thread> senders;
  for (int t = 0; t < 8; ++t) {
    senders.emplace_back([&] {
      for (int i = 0; i < 20; ++i) {
        const auto received = journal_.Receive(Message("race-" + std::to_string(i)));
        ASSERT_TRUE(received) << received.error().internal_text.text;
        ++(received->repeated ? repeated : first);
      }
    });
  }
  for (std::thread& sender : senders) {
    sender.join();
  }
  EXPECT_EQ(first, 20);
  EXPECT_EQ(repeated, 140);
  EXPECT_EQ(journal_.Count()->waiting, 20);
}

TEST_F(JournalStoreTest, Finish_HappensOnce) {
  const auto received = journal_.Receive(Message("7"));
  EXPECT_TRUE(Finish(received->entry.id, MessageState::kParked, "x"));
  EXPECT_FALSE(Finish(received->entry.id, MessageState::kCommitted, "y"));
  const auto entry = journal_.Get(received->entry.id);
  EXPECT_EQ(entry->state, MessageState::kParked);
  EXPECT_EQ(entry->error_code, "101");
  EXPECT_EQ(entry->error_place, "PID-7");
  EXPECT_GE(entry->finished_us, entry->received_us);
  const auto rows = database_.Connect()->ExecuteAdHoc("j", "SELECT length(patient_key) FROM message", {});
  EXPECT_EQ((*rows)[0].Int(0), 32);
}

TEST_F(JournalStoreTest, List_FiltersAndPages) {
  std::vector<std::int64_t> ids;
  for (int i = 0; i < 5; ++i) {
    ids.push_back(journal_.Receive(Message(std::to_string(i)))->entry.id);
  }
  Finish(ids[1], MessageState::kRefused, "");
  const auto refused = journal_.List({.state = MessageState::kRefused});
  ASSERT_EQ(refused->size(), 1u);
  EXPECT_EQ((*refused)[0].id, ids[1]);
  EXPECT_EQ(journal_.List({.control_id = "3"})->at(0).id, ids[3]);
  EXPECT_TRUE(journal_.List({.partner = "nobody"})->empty());
  EXPECT_EQ(journal_.List({.type = "ADT^A01"})->size(), 5u);
  const auto page = journal_.List({.count = 2});
  ASSERT_EQ(page->size(), 2u);
  EXPECT_EQ((*page)[0].id, ids[4]);
  EXPECT_EQ((*page)[0].raw, "");
  const auto next = journal_.List({.before_id = (*page)[1].id, .count = 2});
  EXPECT_EQ((*next)[0].id, ids[2]);
}

TEST_F(JournalStoreTest, List_FindsByPatientErrorAndTime) {
  InboundMessage of_two = Message("1");
  of_two.patients = {"s|1", "s|2"};
  const auto first = journal_.Receive(of_two)->entry;
  InboundMessage of_one = Message("2");
  of_one.patients = {"s|2"};
  const auto second = journal_.Receive(of_one)->entry;
  ASSERT_TRUE(Finish(first.id, MessageState::kRefused, "AE"));
  const auto ids = [this](const adapters::port::JournalFilter& filter) {
    std::vector<std::int64_t> found;
    const auto listed = journal_.List(filter);
    EXPECT_TRUE(listed) << listed.error().internal_text.text;
    for (const auto& entry : *listed) {
      found.push_back(entry.id);
    }
    return found;
  };
  using EntryIds = std::vector<std::int64_t>;
  EXPECT_EQ(ids({.patient = "s|1"}), EntryIds{first.id});
  EXPECT_EQ(ids({.patient = "s|2"}), (EntryIds{second.id, first.id}));
  EXPECT_EQ(ids({.patient = "s|3"}), EntryIds{});
  EXPECT_EQ(ids({.error_code = "101"}), EntryIds{first.id});
  EXPECT_EQ(ids({.error_code = "101", .error_place = "PID-8"}), EntryIds{});
  EXPECT_EQ(ids({.received_from_us = second.received_us}), EntryIds{second.id});
  EXPECT_EQ(ids({.received_to_us = second.received_us}), EntryIds{first.id});
}

TEST_F(JournalStoreTest, FindText_LooksAtBytesWithinItsTime) {
  const auto plain = journal_.Receive(Message("1", "MSH|DUPONT"))->entry.id;
  const auto packed = journal_.Receive(Message("2", "MSH|" + std::string(5'000, 'x') + "Dupont"))->entry.id;
  const auto large = journal_.Receive(Message("3", "MSH|" + std::string(1'500'000, 'y') + "H\xE9l\xE8ne"))->entry.id;
  for (int i = 0; i < 60; ++i) {
    journal_.Receive(Message("other" + std::to_string(i), "MSH|nobody"));
  }
  const std::vector<std::string> name{"dupont"};
  const auto found = journal_.FindText({}, name, 60'000);
  ASSERT_TRUE(found) << found.error().internal_text.text;
  ASSERT_EQ(found->entries.size(), 2u);
  EXPECT_EQ(found->entries[0].id, packed);
  EXPECT_EQ(found->entries[1].id, plain);
  EXPECT_EQ(found->entries[0].raw, "");
  EXPECT_EQ(found->looked_at, 63);
  EXPECT_EQ(found->go_on_before, std::nullopt);
  const std::vector<std::string> accents{"H\xC3\xA9l\xC3\xA8ne", "H\xE9l\xE8ne"};
  EXPECT_EQ(journal_.FindText({}, accents, 60'000)->entries.at(0).id, large);
  const auto one = journal_.FindText({.count = 1}, name, 60'000);
  EXPECT_EQ(one->go_on_before, packed);
  EXPECT_EQ(journal_.FindText({.before_id = one->go_on_before, .count = 1}, name, 60'000)->entries.at(0).id, plain);
  const auto no_time = journal_.FindText({}, name, 0);
  EXPECT_EQ(no_time->looked_at, 1);
  EXPECT_TRUE(no_time->go_on_before);
}

TEST_F(JournalStoreTest, Check_CountsEveryMessageOnce_AndFindsWhatIsMissing) {
  const std::vector<MessageState> states{MessageState::kCommitted, MessageState::kIgnored, MessageState::kRefused,
                                         MessageState::kParked, MessageState::kReceived};
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto id = journal_.Receive(Message(std::to_string(i)))->entry.id;
    if (states[i] != MessageState::kReceived) {
      ASSERT_TRUE(Finish(id, states[i], "x"));
    }
  }
  const auto large = journal_.Receive(Message("large", std::string(3'000'000, 'x')))->entry.id;
  ASSERT_TRUE(journal_.Discard(large));
  const auto whole = journal_.Check();
  ASSERT_TRUE(whole) << whole.error().internal_text.text;
  EXPECT_TRUE(whole->conserved());
  EXPECT_EQ(whole->received, 6);
  EXPECT_EQ(whole->waiting, 1);
  EXPECT_EQ(whole->parked, 1);
  EXPECT_EQ(whole->discarded, 1);
  const auto damage = [this](const std::string& sql) {
    EXPECT_TRUE(database_.Connect()->ExecuteScript("damage", sql));
    return *journal_.Check();
  };
  EXPECT_EQ(damage("UPDATE message SET ack = NULL WHERE state = 'committed'").unanswered, 1);
  EXPECT_EQ(damage("DELETE FROM message_chunk WHERE number = 0").incomplete, 1);
  EXPECT_EQ(damage("DELETE FROM message_key WHERE control_id = '1'").unknown, 1);
  const auto lost = damage("DELETE FROM message WHERE control_id = '2'");
  EXPECT_EQ(lost.lost, 1);
  EXPECT_EQ(lost.received, 6);
  EXPECT_FALSE(lost.conserved());
}

TEST_F(JournalStoreTest, Claim_LeasesUnfinishedOldestFirst) {
  const auto first = journal_.Receive(Message("1", "a"))->entry.id;
  const auto done = journal_.Receive(Message("2", "b"))->entry.id;
  const auto last = journal_.Receive(Message("3", "c"))->entry.id;
  Finish(done, MessageState::kCommitted, "");
  const auto claimed = journal_.ClaimUnfinished(60'000, 10);
  ASSERT_TRUE(claimed) << claimed.error().internal_text.text;
  ASSERT_EQ(claimed->size(), 2u);
  EXPECT_EQ((*claimed)[0].id, first);
  EXPECT_EQ((*claimed)[0].raw, "a");
  EXPECT_EQ((*claimed)[1].id, last);
  EXPECT_TRUE(journal_.ClaimUnfinished(60'000, 10)->empty());
}

TEST_F(JournalStoreTest, ClaimWhoseLeaseEnded_IsClaimedAgain) {
  journal_.Receive(Message("1"));
  EXPECT_EQ(journal_.ClaimUnfinished(0, 1)->size(), 1u);
  EXPECT_EQ(journal_.ClaimUnfinished(60'000, 1)->size(), 1u);
}

TEST_F(JournalStoreTest, InTheHandsOfItsReceiver_IsNotClaimed) {
  InboundMessage message = Message("1");
  message.lease_ms = 60'000;
  const auto id = journal_.Receive(message)->entry.id;
  EXPECT_TRUE(journal_.ClaimUnfinished(60'000, 10)->empty());
  ASSERT_TRUE(journal_.Postpone(id, 0));
  const auto claimed = journal_.ClaimUnfinished(60'000, 10);
  ASSERT_EQ(claimed->size(), 1u);
  EXPECT_EQ(claimed->front().attempts, 1);
  ASSERT_TRUE(journal_.Postpone(id, 60'000));
  EXPECT_TRUE(journal_.ClaimUnfinished(60'000, 10)->empty());
  ASSERT_TRUE(journal_.Replay(id));
  EXPECT_EQ(journal_.ClaimUnfinished(60'000, 10)->size(), 1u) << "a replay does not wait for the pause";
}

TEST_F(JournalStoreTest, Replay_PutsBackWhatHasEnded) {
  const auto id = journal_.Receive(Message("1"))->entry.id;
  ASSERT_TRUE(journal_.Replay(id));
  Finish(id, MessageState::kParked, "x");
  ASSERT_TRUE(journal_.Replay(id));
  EXPECT_EQ(journal_.ClaimUnfinished(60'000, 1)->size(), 1u);
  EXPECT_EQ(journal_.Replay(id + 256).error().code, fhir::ErrorCode::kNotFound);
  EXPECT_EQ(journal_.Get(id + 256).error().code, fhir::ErrorCode::kNotFound);
}

TEST_F(JournalStoreTest, Replay_OfWhatChangedNothing_IsTakenUpAgain_OfACommittedOneRefused) {
  for (const auto state : {MessageState::kRefused, MessageState::kIgnored, MessageState::kParked}) {
    const auto id = journal_.Receive(Message(std::to_string(static_cast<int>(state))))->entry.id;
    Finish(id, state, "x");
    ASSERT_TRUE(journal_.Replay(id));
    EXPECT_EQ(journal_.Get(id)->state, MessageState::kReceived);
  }
  const auto id = journal_.Receive(Message("committed"))->entry.id;
  Finish(id, MessageState::kCommitted, "x");
  EXPECT_EQ(journal_.Replay(id).error().code, fhir::ErrorCode::kConflict);
  EXPECT_EQ(journal_.Get(id)->state, MessageState::kCommitted);
  EXPECT_EQ(journal_.Get(id)->ack, "x");
}

TEST_F(JournalStoreTest, KeysBeyondTheirHorizon_AreSwept) {
  journal_.Receive(Message("kept"));
  JournalStore forgetful(*pool_, {.repeat_horizon_days = -1});
  forgetful.Receive(Message("old-1"));
  forgetful.Receive(Message("old-2"));
  EXPECT_EQ(journal_.SweepKeys(1).value(), 1);
  EXPECT_EQ(journal_.SweepKeys(10).value(), 1);
  EXPECT_EQ(journal_.Count()->keys, 1);
  EXPECT_EQ(journal_.Count()->waiting, 3);
}

}  // namespace
}  // namespace gateway::store
