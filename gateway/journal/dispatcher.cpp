#include "gateway/journal/dispatcher.hpp"

#include <fmt/format.h>

#include <exception>
#include <utility>

namespace gateway::journal {
namespace {

using adapters::port::OutboxEntry;
using DispatchClock = std::chrono::steady_clock;

std::string ReasonOf(const fhir::Error& error) {
  const std::string& detail = error.internal_text.text.empty() ? error.public_text.text : error.internal_text.text;
  return fmt::format("{}: {}", fhir::Name(error.code), detail);
}

}  // namespace

Dispatcher::Dispatcher(adapters::port::Outbox& outbox, const std::vector<adapters::port::Sender*>& senders,
                       DispatcherOptions options, std::function<void(const DispatchReport&)> observer)
    : outbox_(outbox),
      options_(options),
      observer_(std::move(observer)),
      circuits_(options.circuit),
      random_(std::random_device{}()) {
  for (adapters::port::Sender* sender : senders) {
    senders_.emplace(std::string(sender->kind()), sender);
  }
}

Dispatcher::~Dispatcher() {
  Stop();
}

void Dispatcher::Start() {
  for (int i = 0; i < options_.workers; ++i) {
    workers_.emplace_back([this] { Work(); });
  }
}

void Dispatcher::Wake() {
  {
    const std::lock_guard lock(mutex_);
    ++wakes_;
    look_at_ = {};
  }
  woken_.notify_all();
}

void Dispatcher::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  for (std::thread& worker : workers_) {
    worker.join();
  }
  workers_.clear();
}

std::uint64_t Dispatcher::Random() {
  const std::lock_guard lock(mutex_);
  return random_();
}

void Dispatcher::Report(DispatchEvent event, const OutboxEntry& entry, std::string reason) {
  if (observer_) {
    observer_({event, entry.id, entry.message.destination, std::move(reason)});
  }
}

std::vector<OutboxEntry> Dispatcher::ClaimOne() {
  const std::lock_guard one_at_a_time(claim_mutex_);
  std::vector<std::string> left_out;
  std::uint64_t wakes_before = 0;
  {
    const std::lock_guard lock(mutex_);
    if (stopping_ || DispatchClock::now() < look_at_) {
      return {};
    }
    left_out = circuits_.LeftOut(DispatchClock::now());
    wakes_before = wakes_;
  }
  auto claimed = outbox_.ClaimExcept(options_.lease_ms, 1, left_out);
  if (!claimed) {
    Report(DispatchEvent::kStoreFailed, {}, ReasonOf(claimed.error()));
  }
  const std::lock_guard lock(mutex_);
  if (!claimed || claimed->empty()) {
    if (wakes_ == wakes_before) {
      look_at_ = DispatchClock::now() + std::chrono::milliseconds(options_.poll_ms);
    }
    return {};
  }
  circuits_.Started(claimed->front().message.destination);
  return *std::move(claimed);
}

void Dispatcher::Work() {
  for (;;) {
    for (std::vector<OutboxEntry> claimed = ClaimOne(); !claimed.empty(); claimed = ClaimOne()) {
      Deliver(claimed.front());
    }
    std::unique_lock lock(mutex_);
    if (stopping_) {
      return;
    }
    if (DispatchClock::now() >= look_at_) {
      continue;  // woken since the claim
    }
    const std::uint64_t wakes_seen = wakes_;
    woken_.wait_until(lock, look_at_, [&] { return stopping_ || wakes_ != wakes_seen; });
  }
}

fhir::Result<std::string> Dispatcher::Send(const OutboxEntry& entry) {
  const auto sender = senders_.find(entry.message.kind);
  if (sender == senders_.end()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("no sender for kind {}", entry.message.kind));
  }
  try {
    return sender->second->Send(entry);
  } catch (const std::exception&) {
    // The last resort of this thread. The exception's text may quote content.
    return fhir::Fail(fhir::ErrorCode::kInternal, {"The sender failed."},
                      {fmt::format("exception in the sender of kind {}", entry.message.kind)}, fhir::Retry::kLater);
  }
}

void Dispatcher::Deliver(const OutboxEntry& entry) {
  const auto answer = Send(entry);
  const int attempts = entry.attempts + 1;
  const bool again = !answer && answer.error().retry == fhir::Retry::kLater &&
                     (options_.attempts_max == 0 || attempts < options_.attempts_max);
  const std::string reason = answer ? "" : ReasonOf(answer.error());
  fhir::Result<void> settled;
  if (answer) {
    settled = outbox_.Delivered(entry.id, *answer);
  } else if (again) {
    settled = outbox_.Retry(entry.id, PauseMs(options_.backoff, attempts, Random()), reason);
  } else {
    settled = outbox_.Dead(entry.id, reason);
  }
  {
    // A destination that refuses for good has answered; only silence opens the circuit.
    const bool answered = answer || answer.error().retry == fhir::Retry::kNever;
    const std::lock_guard lock(mutex_);
    circuits_.Ended(entry.message.destination, answered, DispatchClock::now(), random_());
    ++wakes_;  // the next entry of this order key, or of this destination, may go
    look_at_ = {};
  }
  woken_.notify_one();
  // What could not be settled is claimed again when its lease ends: sent twice rather than never.
  if (!settled) {
    Report(DispatchEvent::kStoreFailed, entry, ReasonOf(settled.error()));
  } else {
    Report(answer ? DispatchEvent::kDelivered : again ? DispatchEvent::kRetried : DispatchEvent::kDead, entry, reason);
  }
}

}  // namespace gateway::journal
