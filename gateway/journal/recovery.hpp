// Takes up inbound messages that were made durable but not finished: their worker crashed, or lost the database.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

#include "adapters/port/journal.hpp"

namespace gateway::journal {

struct RecoveryOptions {
  int period_ms = 5'000;
  int older_than_ms = 30'000;  ///< younger ones are with the connection that received them
  int lease_ms = 60'000;       ///< longer than the work on one batch
  int entries_max = 10;        ///< per batch
};

/// Works on one message and ends it by UnitOfWork::FinishMessage. An error leaves it for a later round.
using MessageProcessor = std::function<fhir::Result<void>(const adapters::port::JournalEntry&)>;

struct RecoveryReport {
  std::int64_t id = 0;  ///< 0: the journal itself failed
  bool done = false;
  std::string reason;
};

/// thread-safe. Several nodes may run one each: entries are leased.
class Recovery {
 public:
  /// `journal` is borrowed and outlives the worker.
  Recovery(adapters::port::Journal& journal, MessageProcessor processor, RecoveryOptions options = {},
           std::function<void(const RecoveryReport&)> observer = {});
  ~Recovery();
  Recovery(const Recovery&) = delete;
  Recovery& operator=(const Recovery&) = delete;

  /// Looks at once, then every period.
  void Start();
  /// Something was put back (a replay): look at once.
  void Wake();
  /// Finishes the message under way. Safe to call twice.
  void Stop();
  /// Works through all that is claimable, in this thread; returns how many messages were done.
  int RunOnce();

 private:
  void Work();
  bool stopping();

  adapters::port::Journal& journal_;
  const MessageProcessor processor_;
  const RecoveryOptions options_;
  const std::function<void(const RecoveryReport&)> observer_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool stopping_ = false;  // guarded by mutex_, as is the next
  bool wake_ = false;
  std::thread worker_;
};

}  // namespace gateway::journal
