// Every filter finds what it says, however it is found: against the same question asked of all entries one by one.
#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>

#include "gateway/store/journal_months.hpp"
#include "gateway/store/journal_statements.hpp"
#include "gateway/store/journal_store.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace gateway::store {
namespace {

using adapters::port::InboundMessage;
using adapters::port::JournalEntry;
using adapters::port::JournalFilter;
using adapters::port::MessageState;
using tests::support::TestDatabase;
using Ids = std::vector<std::int64_t>;

constexpr int kMessages = 400;
constexpr std::int64_t kBeginUs = 1'938'038'400'000'000;  // 2031-06-01 00:00 UTC
constexpr std::int64_t kHourUs = 3'600'000'000;
constexpr std::array kPartners = {"chu", "clinic", "rare"};
constexpr std::array kTypes = {"ADT^A01", "ADT^A08", "ORU^R01", "ADT^A40"};
constexpr std::array kErrorCodes = {"101", "103"};
constexpr std::array kPlaces = {"PID-7", "IN1-2"};

class JournalSearch : public testing::Test {
 protected:
  struct Known {
    JournalEntry entry;
    std::vector<std::string> patients;
  };

  JournalSearch() : pool_(database_.MakePool(4)), journal_(*pool_) { Fill(); }

  int Dice(int sides) { return static_cast<int>(random_() % static_cast<unsigned>(sides)); }

  void Fill() {
    for (int i = 0; i < kMessages; ++i) {
      InboundMessage message{.partner = kPartners[static_cast<std::size_t>(Dice(50) == 0 ? 2 : Dice(2))],
                             .channel = "mllp",
                             .control_id = "C" + std::to_string(i / 2),
                             .type = kTypes[static_cast<std::size_t>(Dice(20) == 0 ? 3 : Dice(3))],
                             .raw = "MSH|" + std::to_string(i)};
      for (int patients = Dice(3); patients > 0; --patients) {
        message.patients.push_back("s|" + std::to_string(Dice(60)));
      }
      known_.push_back({journal_.Receive(message)->entry, message.patients});
    }
    for (int i = 0; i < kMessages; ++i) {
      const auto id = known_[static_cast<std::size_t>(i)].entry.id;
      ASSERT_TRUE(database_.Connect()->ExecuteScript(
          "age", "UPDATE message SET received_at = to_timestamp(" +
                     std::to_string((kBeginUs + i * 4 * kHourUs + Dice(1000)) / 1'000'000) +
                     ") WHERE id = " + std::to_string(id)));
      if (Dice(8) != 0) {
        End(id);
      }
    }
    ASSERT_EQ(KeepMonths(*pool_, {.now_us = kBeginUs + 30 * 24 * kHourUs})->ended, "message_2031_06");
    for (Known& known : known_) {
      const auto entry = journal_.Get(known.entry.id);
      known.entry = *entry;
    }
    std::sort(known_.begin(), known_.end(),
              [](const Known& left, const Known& right) { return left.entry.id > right.entry.id; });
  }

  /// As far as the order of its patients lets it.
  void End(std::int64_t id) {
    constexpr std::array kStates = {MessageState::kCommitted, MessageState::kCommitted, MessageState::kCommitted,
                                    MessageState::kIgnored,   MessageState::kRefused,   MessageState::kParked};
    const bool error = Dice(4) == 0;
    const auto lease = pool_->Acquire();
    (void)(*lease)->Execute(kFinishMessage,
                            FinishParameters({.message = id,
                                              .state = kStates[static_cast<std::size_t>(Dice(kStates.size()))],
                                              .ack = "ack",
                                              .error_code = error ? kErrorCodes[static_cast<std::size_t>(Dice(2))] : "",
                                              .error_place = error ? kPlaces[static_cast<std::size_t>(Dice(2))] : ""}));
  }

  static bool Meets(const Known& known, const JournalFilter& filter) {
    const JournalEntry& entry = known.entry;
    const auto same = [](const std::string& wanted, const std::string& value) {
      return wanted.empty() || wanted == value;
    };
    return (!filter.state || *filter.state == entry.state) && same(filter.partner, entry.partner) &&
           same(filter.type, entry.type) && same(filter.control_id, entry.control_id) &&
           same(filter.error_code, entry.error_code) && same(filter.error_place, entry.error_place) &&
           (filter.patient.empty() ||
            std::find(known.patients.begin(), known.patients.end(), filter.patient) != known.patients.end()) &&
           (!filter.received_from_us || entry.received_us >= *filter.received_from_us) &&
           (!filter.received_to_us || entry.received_us < *filter.received_to_us) &&
           (!filter.before_id || entry.id < *filter.before_id);
  }

  Ids Expected(const JournalFilter& filter) const {
    Ids ids;
    for (const Known& known : known_) {
      if (Meets(known, filter) && ids.size() < static_cast<std::size_t>(filter.count)) {
        ids.push_back(known.entry.id);
      }
    }
    return ids;
  }
  Ids Found(const JournalFilter& filter) {
    const auto entries = journal_.List(filter);
    EXPECT_TRUE(entries) << entries.error().internal_text.text;
    Ids ids(entries ? entries->size() : 0);
    std::transform(entries->begin(), entries->end(), ids.begin(), [](const JournalEntry& entry) { return entry.id; });
    return ids;
  }

  JournalFilter AnyFilter() {
    JournalFilter filter;
    filter.count = Dice(3) == 0 ? 5 : 1000;
    if (Dice(4) == 0) {
      filter.state = static_cast<MessageState>(Dice(6));
    }
    if (Dice(3) == 0) {
      filter.partner = kPartners[static_cast<std::size_t>(Dice(3))];
    }
    if (Dice(3) == 0) {
      filter.type = kTypes[static_cast<std::size_t>(Dice(4))];
    }
    if (Dice(8) == 0) {
      filter.control_id = "C" + std::to_string(Dice(kMessages / 2));
    }
    if (Dice(6) == 0) {
      filter.patient = "s|" + std::to_string(Dice(60));
    }
    if (Dice(6) == 0) {
      filter.error_code = kErrorCodes[static_cast<std::size_t>(Dice(2))];
    }
    if (Dice(6) == 0) {
      filter.error_place = kPlaces[static_cast<std::size_t>(Dice(2))];
    }
    if (Dice(4) == 0) {
      filter.received_from_us = kBeginUs + Dice(kMessages + 20) * 4 * kHourUs - kHourUs;
    }
    if (Dice(4) == 0) {
      filter.received_to_us = kBeginUs + Dice(kMessages + 20) * 4 * kHourUs - kHourUs;
    }
    if (Dice(4) == 0) {
      filter.before_id = known_[static_cast<std::size_t>(Dice(kMessages))].entry.id;
    }
    return filter;
  }

  std::minstd_rand random_{7};
  TestDatabase database_;
  std::unique_ptr<pg::Pool> pool_;
  JournalStore journal_;
  std::vector<Known> known_;
};

TEST_F(JournalSearch, EveryFilter_FindsWhatMeetsIt_NewestFirst) {
  int something = 0;
  for (int i = 0; i < 600; ++i) {
    SCOPED_TRACE(i);
    const JournalFilter filter = AnyFilter();
    const Ids expected = Expected(filter);
    something += expected.empty() ? 0 : 1;
    ASSERT_EQ(Found(filter), expected);
  }
  EXPECT_GT(something, 200);
}

TEST_F(JournalSearch, Pages_WalkThroughTheMonths) {
  Ids walked;
  JournalFilter page{.partner = "chu", .count = 7};
  for (Ids ids = Found(page); !ids.empty(); ids = Found(page)) {
    walked.insert(walked.end(), ids.begin(), ids.end());
    page.before_id = ids.back();
  }
  EXPECT_EQ(walked, Expected({.partner = "chu", .count = kMessages}));
}

}  // namespace
}  // namespace gateway::store
