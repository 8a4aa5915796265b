#include "gateway/journal/dispatcher.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <stdexcept>

namespace gateway::journal {
namespace {

using adapters::port::OutboxEntry;

/// An outbox in memory, without order keys: what it hands out, and what became of it.
class FakeOutbox final : public adapters::port::Outbox {
 public:
  void Put(std::int64_t id, std::string destination, std::string kind = "test") {
    const std::lock_guard lock(mutex_);
    waiting_[id] = {.id = id, .message = {.destination = std::move(destination), .kind = std::move(kind)}};
  }
  fhir::Result<std::vector<OutboxEntry>> Claim(int lease_ms, int entries_max) override {
    return ClaimExcept(lease_ms, entries_max, {});
  }
  fhir::Result<std::vector<OutboxEntry>> ClaimExcept(int, int, std::span<const std::string> left_out) override {
    const std::lock_guard lock(mutex_);
    if (away) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable, "away");
    }
    for (auto it = waiting_.begin(); it != waiting_.end(); ++it) {
      if (std::find(left_out.begin(), left_out.end(), it->second.message.destination) == left_out.end()) {
        OutboxEntry entry = it->second;
        claimed_[entry.id] = entry;
        waiting_.erase(it);
        return std::vector{entry};
      }
    }
    return std::vector<OutboxEntry>();
  }
  fhir::Result<void> Delivered(std::int64_t id, std::string_view answer) override {
    return Note(delivered, id, std::string(answer));
  }
  fhir::Result<void> Retry(std::int64_t id, int delay_ms, std::string_view) override {
    const std::lock_guard lock(mutex_);
    delays.push_back(delay_ms);
    OutboxEntry entry = claimed_[id];
    ++entry.attempts;
    waiting_[id] = entry;  // due at once, so that tests need not wait
    changed_.notify_all();
    return {};
  }
  fhir::Result<void> Dead(std::int64_t id, std::string_view reason) override {
    return Note(dead, id, std::string(reason));
  }
  fhir::Result<void> Replay(std::int64_t) override { return {}; }

  bool Await(std::size_t settled) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, std::chrono::seconds(20), [&] { return delivered.size() + dead.size() >= settled; });
  }

  std::atomic<bool> away = false;
  std::map<std::int64_t, std::string> delivered;  // read after Await or Stop
  std::map<std::int64_t, std::string> dead;
  std::vector<int> delays;

 private:
  fhir::Result<void> Note(std::map<std::int64_t, std::string>& where, std::int64_t id, std::string text) {
    const std::lock_guard lock(mutex_);
    where[id] = std::move(text);
    changed_.notify_all();
    return {};
  }
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, OutboxEntry> waiting_;
  std::map<std::int64_t, OutboxEntry> claimed_;
};

class FakeSender final : public adapters::port::Sender {
 public:
  explicit FakeSender(std::function<fhir::Result<std::string>(const OutboxEntry&)> send) : send_(std::move(send)) {}
  std::string_view kind() const override { return "test"; }
  fhir::Result<std::string> Send(const OutboxEntry& entry) override { return send_(entry); }

 private:
  std::function<fhir::Result<std::string>(const OutboxEntry&)> send_;
};

std::unexpected<fhir::Error> Later() {
  return fhir::Fail(fhir::ErrorCode::kUnavailable, {"away"}, {"connection refused"}, fhir::Retry::kLater);
}

constexpr DispatcherOptions kQuick{.workers = 4, .poll_ms = 5};

TEST(Dispatcher, Entries_AreDelivered) {
  FakeOutbox outbox;
  FakeSender sender([](const OutboxEntry& entry) { return "answer " + std::to_string(entry.id); });
  Dispatcher dispatcher(outbox, {&sender}, kQuick);
  dispatcher.Start();
  for (int i = 1; i <= 20; ++i) {
    outbox.Put(i, "d" + std::to_string(i % 3));
  }
  dispatcher.Wake();
  ASSERT_TRUE(outbox.Await(20));
  dispatcher.Stop();
  EXPECT_EQ(outbox.delivered.size(), 20u);
  EXPECT_EQ(outbox.delivered[7], "answer 7");
}

TEST(Dispatcher, WokenWithALongPoll_LooksAtOnce) {
  FakeOutbox outbox;
  FakeSender sender([](const OutboxEntry&) { return std::string(); });
  Dispatcher dispatcher(outbox, {&sender}, {.workers = 2, .poll_ms = 3'600'000});
  dispatcher.Start();
  for (int i = 1; i <= 50; ++i) {
    outbox.Put(i, "d");
    dispatcher.Wake();
    ASSERT_TRUE(outbox.Await(static_cast<std::size_t>(i)));
  }
}

TEST(Dispatcher, FailureToTryLater_IsTriedUntilDelivered) {
  FakeOutbox outbox;
  outbox.Put(1, "d");
  std::atomic<int> calls = 0;
  FakeSender sender([&](const OutboxEntry&) -> fhir::Result<std::string> {
    if (++calls < 3) {
      return Later();
    }
    return "200";
  });
  Dispatcher dispatcher(outbox, {&sender}, kQuick);
  dispatcher.Start();
  ASSERT_TRUE(outbox.Await(1));
  dispatcher.Stop();
  EXPECT_EQ(outbox.delivered.count(1), 1u);
  ASSERT_EQ(outbox.delays.size(), 2u);
  EXPECT_GE(outbox.delays[0], 500);
  EXPECT_LE(outbox.delays[0], 1000);
  EXPECT_GE(outbox.delays[1], 1000);
  EXPECT_LE(outbox.delays[1], 2000);
}

TEST(Dispatcher, RefusedForGoodOrUnknownKindOrTooOften_IsDead) {
  FakeOutbox outbox;
  outbox.Put(1, "refuses");
  outbox.Put(2, "d", "no such kind");
  outbox.Put(3, "away");
  FakeSender sender([](const OutboxEntry& entry) -> fhir::Result<std::string> {
    if (entry.message.destination == "away") {
      return Later();
    }
    return fhir::Fail(fhir::ErrorCode::kPeerRefused, "answered 410");
  });
  DispatcherOptions options = kQuick;
  options.attempts_max = 2;
  Dispatcher dispatcher(outbox, {&sender}, options);
  dispatcher.Start();
  ASSERT_TRUE(outbox.Await(3));
  dispatcher.Stop();
  EXPECT_EQ(outbox.dead[1], "peer-refused: answered 410");
  EXPECT_NE(outbox.dead[2].find("no such kind"), std::string::npos);
  EXPECT_NE(outbox.dead[3].find("connection refused"), std::string::npos);
  EXPECT_EQ(outbox.delays.size(), 1u);
}

TEST(Dispatcher, SenderThatThrows_IsTriedAgain) {
  FakeOutbox outbox;
  outbox.Put(1, "d");
  std::atomic<int> calls = 0;
  FakeSender sender([&](const OutboxEntry&) -> fhir::Result<std::string> {
    if (++calls == 1) {
      throw std::runtime_error("ZZMARKZZ");
    }
    return "200";
  });
  std::mutex mutex;
  std::string reasons;
  Dispatcher dispatcher(outbox, {&sender}, kQuick, [&](const DispatchReport& report) {
    const std::lock_guard lock(mutex);
    reasons += report.reason;
  });
  dispatcher.Start();
  ASSERT_TRUE(outbox.Await(1));
  dispatcher.Stop();
  EXPECT_EQ(reasons.find("ZZMARKZZ"), std::string::npos);
}

TEST(Dispatcher, DestinationThatHangs_DelaysNoOther) {
  FakeOutbox outbox;
  for (int i = 1; i <= 10; ++i) {
    outbox.Put(i, "hangs");
  }
  for (int i = 11; i <= 20; ++i) {
    outbox.Put(i, "lives");
  }
  std::mutex mutex;
  std::condition_variable released;
  bool release = false;
  FakeSender sender([&](const OutboxEntry& entry) -> fhir::Result<std::string> {
    if (entry.message.destination == "hangs") {
      std::unique_lock lock(mutex);
      released.wait(lock, [&] { return release; });
    }
    return "200";
  });
  Dispatcher dispatcher(outbox, {&sender}, kQuick);
  dispatcher.Start();
  EXPECT_TRUE(outbox.Await(10));
  {
    const std::lock_guard lock(mutex);
    release = true;
  }
  released.notify_all();
  EXPECT_TRUE(outbox.Await(20));
}

TEST(Dispatcher, Stop_FinishesWhatHasBegun) {
  FakeOutbox outbox;
  outbox.Put(1, "d");
  std::mutex mutex;
  std::condition_variable changed;
  bool begun = false;
  bool release = false;
  FakeSender sender([&](const OutboxEntry&) -> fhir::Result<std::string> {
    std::unique_lock lock(mutex);
    begun = true;
    changed.notify_all();
    changed.wait(lock, [&] { return release; });
    return "200";
  });
  Dispatcher dispatcher(outbox, {&sender}, kQuick);
  dispatcher.Start();
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return begun; }));
  }
  std::thread stopper([&] { dispatcher.Stop(); });
  {
    const std::lock_guard lock(mutex);
    release = true;
  }
  changed.notify_all();
  stopper.join();
  EXPECT_EQ(outbox.delivered.count(1), 1u);
}

TEST(Dispatcher, StoreAway_GoesOnWhenItIsBack) {
  FakeOutbox outbox;
  outbox.away = true;
  outbox.Put(1, "d");
  std::mutex mutex;
  std::condition_variable changed;
  int failed = 0;
  FakeSender sender([](const OutboxEntry&) { return std::string("200"); });
  Dispatcher dispatcher(outbox, {&sender}, kQuick, [&](const DispatchReport& report) {
    const std::lock_guard lock(mutex);
    failed += report.event == DispatchEvent::kStoreFailed ? 1 : 0;
    changed.notify_all();
  });
  dispatcher.Start();
  {
    std::unique_lock lock(mutex);
    ASSERT_TRUE(changed.wait_for(lock, std::chrono::seconds(20), [&] { return failed >= 2; }));
  }
  outbox.away = false;
  EXPECT_TRUE(outbox.Await(1));
  dispatcher.Stop();
}

TEST(CircuitTable, FailuresInARow_OpenThenOneIsTried) {
  CircuitTable circuits({.failures_max = 2, .in_flight_max = 2, .open = {.first_ms = 1000, .last_ms = 4000}});
  const CircuitTable::TimePoint start{};
  const std::vector<std::string> only{"d"};
  for (int i = 0; i < 2; ++i) {
    EXPECT_TRUE(circuits.LeftOut(start).empty());
    circuits.Started("d");
    circuits.Ended("d", false, start, 0);
  }
  EXPECT_EQ(circuits.LeftOut(start + std::chrono::milliseconds(499)), only);
  EXPECT_TRUE(circuits.LeftOut(start + std::chrono::milliseconds(500)).empty());
  circuits.Started("d");
  EXPECT_EQ(circuits.LeftOut(start + std::chrono::milliseconds(500)), only);  // one trial at a time
  circuits.Ended("d", false, start + std::chrono::milliseconds(500), 0);
  EXPECT_EQ(circuits.LeftOut(start + std::chrono::milliseconds(1499)), only);  // twice the pause
  circuits.Started("d");
  circuits.Ended("d", true, start + std::chrono::milliseconds(1500), 0);
  EXPECT_TRUE(circuits.LeftOut(start + std::chrono::milliseconds(1500)).empty());
}

TEST(PauseMs, GrowsWithinBounds) {
  const BackoffOptions options{.first_ms = 1000, .last_ms = 300'000};
  for (const auto& [attempts, full] :
       std::map<int, int>{{1, 1000}, {2, 2000}, {5, 16'000}, {10, 300'000}, {1000, 300'000}}) {
    EXPECT_EQ(PauseMs(options, attempts, 0), full / 2);
    for (const std::uint64_t random : {1ull, 12345ull, ~0ull}) {
      EXPECT_GE(PauseMs(options, attempts, random), full / 2);
      EXPECT_LE(PauseMs(options, attempts, random), full);
    }
  }
}

}  // namespace
}  // namespace gateway::journal
