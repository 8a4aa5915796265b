#include "gateway/journal/recovery.hpp"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <utility>

namespace gateway::journal {
namespace {

using adapters::port::JournalEntry;

std::string RecoveryReasonOf(const fhir::Error& error) {
  const std::string& detail = error.internal_text.text.empty() ? error.public_text.text : error.internal_text.text;
  return fmt::format("{}: {}", fhir::Name(error.code), detail);
}

fhir::Result<void> ProcessGuarded(const MessageProcessor& processor, const JournalEntry& entry) {
  try {
    return processor(entry);
  } catch (const std::exception&) {
    // The last resort of this thread. The exception's text may quote content.
    return fhir::Fail(fhir::ErrorCode::kInternal, {"The message could not be worked on."},
                      {"exception in the message processor"}, fhir::Retry::kLater);
  }
}

}  // namespace

Recovery::Recovery(adapters::port::Journal& journal, MessageDuties duties, RecoveryOptions options,
                   std::function<void(const RecoveryReport&)> observer)
    : journal_(journal),
      duties_(std::move(duties)),
      options_(options),
      observer_(std::move(observer)),
      random_(std::random_device{}()) {}

Recovery::~Recovery() {
  Stop();
}

void Recovery::Start() {
  for (int i = 0; i < options_.workers; ++i) {
    workers_.emplace_back([this] { Work(); });
  }
}

void Recovery::Wake() {
  {
    const std::lock_guard lock(mutex_);
    ++wakes_;
  }
  woken_.notify_all();
}

void Recovery::Stop() {
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

bool Recovery::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

std::uint64_t Recovery::Random() {
  const std::lock_guard lock(mutex_);
  return random_();
}

void Recovery::Report(std::int64_t id, bool done, std::string reason) {
  if (observer_) {
    observer_({id, done, std::move(reason)});
  }
}

void Recovery::Settle(const JournalEntry& entry, const fhir::Error& failure) {
  const int attempts = entry.attempts + 1;
  fhir::Result<void> settled;
  const bool given_up = options_.attempts_max != 0 && attempts >= options_.attempts_max && duties_.give_up;
  if (given_up) {
    settled = ProcessGuarded(duties_.give_up, entry);
  }
  if (!given_up || !settled) {
    settled = journal_.Postpone(entry.id, PauseMs(options_.backoff, attempts, Random()));
  }
  // What could not be settled is claimed again when its lease ends.
  Report(entry.id, false, RecoveryReasonOf(failure));
  if (!settled) {
    Report(0, false, RecoveryReasonOf(settled.error()));
  }
}

bool Recovery::WorkOn(const JournalEntry& entry) {
  const auto processed = ProcessGuarded(duties_.work, entry);
  if (!processed) {
    Settle(entry, processed.error());
    return false;
  }
  Report(entry.id, true, {});
  return true;
}

int Recovery::RunOnce() {
  int done = 0;
  if (const auto released = journal_.Release(options_.release_max); !released) {
    Report(0, false, RecoveryReasonOf(released.error()));
    return done;
  }
  while (!stopping()) {
    const auto claimed = journal_.ClaimUnfinished(options_.lease_ms, options_.entries_max);
    if (!claimed) {
      Report(0, false, RecoveryReasonOf(claimed.error()));
      return done;
    }
    if (claimed->empty()) {
      return done;
    }
    for (const JournalEntry& entry : *claimed) {
      if (stopping()) {
        return done;  // the rest is claimed again when its lease ends
      }
      done += WorkOn(entry) ? 1 : 0;
    }
  }
  return done;
}

void Recovery::Work() {
  for (;;) {
    std::uint64_t wakes_seen = 0;
    {
      const std::lock_guard lock(mutex_);
      wakes_seen = wakes_;
    }
    RunOnce();
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, std::chrono::milliseconds(options_.period_ms),
                    [&] { return stopping_ || wakes_ != wakes_seen; });
    if (stopping_) {
      return;
    }
  }
}

}  // namespace gateway::journal
