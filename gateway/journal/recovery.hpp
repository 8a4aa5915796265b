// Works on inbound messages that wait in the journal: those that nobody has in hand, because their worker crashed or
// lost the database, those that failed for the moment, and those that were released or put back.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "adapters/port/journal.hpp"
#include "gateway/journal/backoff.hpp"

namespace gateway::journal {

struct RecoveryOptions {
  int workers = 1;
  int period_ms = 5'000;
  int lease_ms = 20'000;     ///< longer than the usual work on one batch; after a crash it waits so long
  int entries_max = 10;      ///< per batch: what a worker holds in memory
  int release_max = 10'000;  ///< of one statement
  BackoffOptions backoff;    ///< between attempts of a message that fails for the moment
  int attempts_max = 50;     ///< then the failure is taken for one that lasts; 0: tried for ever
};

/// Ends one message by UnitOfWork::FinishMessage. An error leaves it for a later attempt.
using MessageProcessor = std::function<fhir::Result<void>(const adapters::port::JournalEntry&)>;

struct MessageDuties {
  MessageProcessor work;
  MessageProcessor give_up;  ///< ends a message that failed too often
};

struct RecoveryReport {
  std::int64_t id = 0;  ///< 0: the journal itself failed
  bool done = false;
  std::string reason;
};

/// thread-safe. Several nodes may run one each: entries are leased, and only the first open one of a patient is
/// claimed, so that the order per patient holds over any number of workers.
class Recovery {
 public:
  /// `journal` is borrowed and outlives the workers.
  Recovery(adapters::port::Journal& journal, MessageDuties duties, RecoveryOptions options = {},
           std::function<void(const RecoveryReport&)> observer = {});
  ~Recovery();
  Recovery(const Recovery&) = delete;
  Recovery& operator=(const Recovery&) = delete;

  /// Looks at once, then every period.
  void Start();
  /// Something was put back, released or brought in: look at once.
  void Wake();
  /// Finishes the messages under way. Safe to call twice.
  void Stop();
  /// Works through all that is claimable, in this thread; returns how many messages were done.
  int RunOnce();

 private:
  void Work();
  bool stopping();
  /// Whether the entry was ended.
  bool WorkOn(const adapters::port::JournalEntry& entry);
  /// What has failed for the moment waits, or is given up.
  void Settle(const adapters::port::JournalEntry& entry, const fhir::Error& failure);
  std::uint64_t Random();
  void Report(std::int64_t id, bool done, std::string reason);

  adapters::port::Journal& journal_;
  const MessageDuties duties_;
  const RecoveryOptions options_;
  const std::function<void(const RecoveryReport&)> observer_;
  std::mutex mutex_;
  std::condition_variable woken_;
  bool stopping_ = false;    // guarded by mutex_, as are the next three
  std::uint64_t wakes_ = 0;  // each worker looks once for each
  std::mt19937_64 random_;
  std::vector<std::thread> workers_;
};

}  // namespace gateway::journal
