#include "gateway/journal/recovery.hpp"

#include <fmt/format.h>

#include <chrono>
#include <exception>
#include <utility>

namespace gateway::journal {
namespace {

std::string RecoveryReasonOf(const fhir::Error& error) {
  const std::string& detail = error.internal_text.text.empty() ? error.public_text.text : error.internal_text.text;
  return fmt::format("{}: {}", fhir::Name(error.code), detail);
}

fhir::Result<void> ProcessGuarded(const MessageProcessor& processor, const adapters::port::JournalEntry& entry) {
  try {
    return processor(entry);
  } catch (const std::exception&) {
    // The last resort of this thread. The exception's text may quote content.
    return fhir::Fail(fhir::ErrorCode::kInternal, {"The message could not be worked on."},
                      {"exception in the message processor"}, fhir::Retry::kLater);
  }
}

}  // namespace

Recovery::Recovery(adapters::port::Journal& journal, MessageProcessor processor, RecoveryOptions options,
                   std::function<void(const RecoveryReport&)> observer)
    : journal_(journal), processor_(std::move(processor)), options_(options), observer_(std::move(observer)) {}

Recovery::~Recovery() {
  Stop();
}

void Recovery::Start() {
  worker_ = std::thread([this] { Work(); });
}

void Recovery::Wake() {
  {
    const std::lock_guard lock(mutex_);
    wake_ = true;
  }
  woken_.notify_all();
}

void Recovery::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  if (worker_.joinable()) {
    worker_.join();
  }
}

bool Recovery::stopping() {
  const std::lock_guard lock(mutex_);
  return stopping_;
}

int Recovery::RunOnce() {
  int done = 0;
  while (!stopping()) {
    const auto claimed = journal_.ClaimUnfinished(options_.older_than_ms, options_.lease_ms, options_.entries_max);
    if (!claimed) {
      if (observer_) {
        observer_({.reason = RecoveryReasonOf(claimed.error())});
      }
      return done;
    }
    if (claimed->empty()) {
      return done;
    }
    for (const adapters::port::JournalEntry& entry : *claimed) {
      if (stopping()) {
        return done;  // the rest is claimed again when its lease ends
      }
      const auto processed = ProcessGuarded(processor_, entry);
      done += processed ? 1 : 0;
      if (observer_) {
        observer_({entry.id, processed.has_value(), processed ? "" : RecoveryReasonOf(processed.error())});
      }
    }
  }
  return done;
}

void Recovery::Work() {
  for (;;) {
    RunOnce();
    std::unique_lock lock(mutex_);
    woken_.wait_for(lock, std::chrono::milliseconds(options_.period_ms), [this] { return stopping_ || wake_; });
    wake_ = false;
    if (stopping_) {
      return;
    }
  }
}

}  // namespace gateway::journal
