#include "gateway/journal/recovery.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

namespace gateway::journal {
namespace {

using adapters::port::JournalEntry;

/// A journal in memory that hands out what it was given.
class FakeJournal final : public adapters::port::Journal {
 public:
  void Put(std::int64_t id, int attempts = 0) {
    const std::lock_guard lock(mutex_);
    unfinished_.push_back({.id = id, .attempts = attempts});
  }
  fhir::Result<adapters::port::ReceiveResult> Receive(const adapters::port::InboundMessage&) override {
    return adapters::port::ReceiveResult{};
  }
  fhir::Result<JournalEntry> Get(std::int64_t) override { return JournalEntry{}; }
  fhir::Result<std::vector<JournalEntry>> List(const adapters::port::JournalFilter&) override {
    return std::vector<JournalEntry>();
  }
  fhir::Result<std::vector<JournalEntry>> ClaimUnfinished(int, int entries_max) override {
    const std::lock_guard lock(mutex_);
    if (away) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable, "away");
    }
    std::vector<JournalEntry> claimed;
    while (!unfinished_.empty() && static_cast<int>(claimed.size()) < entries_max) {
      claimed.push_back(unfinished_.front());
      unfinished_.pop_front();
    }
    largest_batch = std::max(largest_batch, claimed.size());
    return claimed;
  }
  fhir::Result<void> Replay(std::int64_t) override { return {}; }
  fhir::Result<void> Discard(std::int64_t) override { return {}; }
  fhir::Result<void> Postpone(std::int64_t id, int delay_ms) override {
    const std::lock_guard lock(mutex_);
    postponed.emplace_back(id, delay_ms);
    return {};
  }
  fhir::Result<std::optional<adapters::port::OpenMessage>> Before(std::int64_t) override {
    return std::optional<adapters::port::OpenMessage>();
  }
  fhir::Result<adapters::port::FoundText> FindText(const adapters::port::JournalFilter&, std::span<const std::string>,
                                                   int) override {
    return adapters::port::FoundText{};
  }
  fhir::Result<adapters::port::JournalCheck> Check() override { return adapters::port::JournalCheck{}; }
  fhir::Result<std::int64_t> ParkBehind(std::int64_t) override { return 0; }
  fhir::Result<std::int64_t> Release(int) override {
    const std::lock_guard lock(mutex_);
    unfinished_.insert(unfinished_.end(), held.begin(), held.end());
    return static_cast<std::int64_t>(std::exchange(held, {}).size());
  }

  std::vector<JournalEntry> held;  // what the next Release lets go
  std::vector<std::pair<std::int64_t, int>> postponed;
  bool away = false;
  std::size_t largest_batch = 0;

 private:
  std::mutex mutex_;
  std::deque<JournalEntry> unfinished_;
};

TEST(Recovery, Unfinished_AreWorkedOnInOrderAndBatches) {
  FakeJournal journal;
  for (int i = 1; i <= 7; ++i) {
    journal.Put(i);
  }
  std::vector<std::int64_t> seen;
  Recovery recovery(journal,
                    {.work =
                         [&](const JournalEntry& entry) {
                           seen.push_back(entry.id);
                           return fhir::Result<void>();
                         },
                     .give_up = {}},
                    {.entries_max = 3});
  EXPECT_EQ(recovery.RunOnce(), 7);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{1, 2, 3, 4, 5, 6, 7}));
  EXPECT_EQ(journal.largest_batch, 3u);
}

TEST(Recovery, MessageThatFailsOrThrows_KeepsNoOther) {
  FakeJournal journal;
  for (int i = 1; i <= 3; ++i) {
    journal.Put(i);
  }
  std::vector<RecoveryReport> reports;
  Recovery recovery(journal,
                    {.work = [](const JournalEntry& entry) -> fhir::Result<void> {
                       if (entry.id == 1) {
                         return fhir::Fail(fhir::ErrorCode::kInvalid, "no");
                       }
                       if (entry.id == 2) {
                         throw std::runtime_error("ZZMARKZZ");
                       }
                       return {};
                     },
                     .give_up = {}},
                    {}, [&](const RecoveryReport& report) { reports.push_back(report); });
  EXPECT_EQ(recovery.RunOnce(), 1);
  ASSERT_EQ(reports.size(), 3u);
  EXPECT_EQ(reports[0].reason, "invalid: no");
  EXPECT_EQ(reports[1].reason.find("ZZMARKZZ"), std::string::npos);
  EXPECT_FALSE(reports[1].done);
  EXPECT_TRUE(reports[2].done);
}

TEST(Recovery, FailureForTheMoment_IsTriedAgainAfterGrowingPauses_ThenGivenUp) {
  FakeJournal journal;
  journal.Put(1, 0);
  journal.Put(2, 4);
  journal.Put(3, 6);
  std::vector<std::int64_t> given_up;
  Recovery recovery(journal,
                    {.work = [](const JournalEntry&) -> fhir::Result<void> {
                       return fhir::Fail(fhir::ErrorCode::kTimeout, {"later"}, {}, fhir::Retry::kLater);
                     },
                     .give_up =
                         [&](const JournalEntry& entry) {
                           given_up.push_back(entry.id);
                           return fhir::Result<void>();
                         }},
                    {.backoff = {.first_ms = 1'000, .last_ms = 60'000}, .attempts_max = 7});
  EXPECT_EQ(recovery.RunOnce(), 0);
  ASSERT_EQ(journal.postponed.size(), 2u);
  EXPECT_EQ(journal.postponed[0].first, 1);
  EXPECT_LE(journal.postponed[0].second, 1'000);
  EXPECT_GE(journal.postponed[1].second, 8'000) << "half of 16 s at least";
  EXPECT_EQ(given_up, std::vector<std::int64_t>{3});
}

TEST(Recovery, WhatNothingHoldsAnyMore_IsReleasedAndWorkedOn) {
  FakeJournal journal;
  journal.held = {{.id = 5}, {.id = 6}};
  std::vector<std::int64_t> seen;
  Recovery recovery(journal, {.work =
                                  [&](const JournalEntry& entry) {
                                    seen.push_back(entry.id);
                                    return fhir::Result<void>();
                                  },
                              .give_up = {}});
  EXPECT_EQ(recovery.RunOnce(), 2);
  EXPECT_EQ(seen, (std::vector<std::int64_t>{5, 6}));
}

TEST(Recovery, JournalAway_IsReportedAndTriedLater) {
  FakeJournal journal;
  journal.away = true;
  int reported = 0;
  Recovery recovery(journal, {.work = [](const JournalEntry&) { return fhir::Result<void>(); }, .give_up = {}}, {},
                    [&](const RecoveryReport& report) { reported += report.id == 0 ? 1 : 0; });
  EXPECT_EQ(recovery.RunOnce(), 0);
  EXPECT_EQ(reported, 1);
}

TEST(Recovery, Started_LooksAtOnceAndWhenWoken) {
  FakeJournal journal;
  journal.Put(1);
  std::mutex mutex;
  std::condition_variable changed;
  int done = 0;
  Recovery recovery(journal,
                    {.work =
                         [&](const JournalEntry&) {
                           const std::lock_guard lock(mutex);
                           ++done;
                           changed.notify_all();
                           return fhir::Result<void>();
                         },
                     .give_up = {}},
                    {.period_ms = 3'600'000});
  const auto await = [&](int count) {
    std::unique_lock lock(mutex);
    return changed.wait_for(lock, std::chrono::seconds(20), [&] { return done >= count; });
  };
  recovery.Start();
  ASSERT_TRUE(await(1));
  journal.Put(2);
  recovery.Wake();
  EXPECT_TRUE(await(2));
  recovery.Stop();
}

}  // namespace
}  // namespace gateway::journal
