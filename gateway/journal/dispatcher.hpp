// Delivers the outbox: claims entries, gives them to the sender of their kind, and settles what became of them.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "adapters/port/journal.hpp"
#include "gateway/journal/circuit.hpp"

namespace gateway::journal {

struct DispatcherOptions {
  int workers = 4;
  int poll_ms = 200;
  int lease_ms = 60'000;  ///< longer than any sender's own deadline
  int attempts_max = 0;   ///< then the entry is dead; 0: tried for ever
  BackoffOptions backoff;
  CircuitOptions circuit;
};

enum class DispatchEvent : std::uint8_t { kDelivered, kRetried, kDead, kStoreFailed };

/// What happened, for logs and metrics: names and codes, no content.
struct DispatchReport {
  DispatchEvent event;
  std::int64_t id = 0;
  std::string destination;
  std::string reason;
};

/// thread-safe. Several nodes may run one each on the same outbox. Delivery is at least once: a node that ends between
/// sending and settling leaves the entry to its lease.
class Dispatcher {
 public:
  /// `outbox` and the senders are borrowed and outlive the dispatcher. An entry of a kind without a sender is dead.
  Dispatcher(adapters::port::Outbox& outbox, const std::vector<adapters::port::Sender*>& senders,
             DispatcherOptions options = {}, std::function<void(const DispatchReport&)> observer = {});
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  void Start();
  /// Something was put into the outbox on this node: look at once.
  void Wake();
  /// Claims nothing more, finishes what has begun, and returns when all workers have ended. Safe to call twice.
  void Stop();

 private:
  void Work();
  /// One entry, counted as in flight; empty when there is none at the moment.
  std::vector<adapters::port::OutboxEntry> ClaimOne();
  void Deliver(const adapters::port::OutboxEntry& entry);
  fhir::Result<std::string> Send(const adapters::port::OutboxEntry& entry);
  void Report(DispatchEvent event, const adapters::port::OutboxEntry& entry, std::string reason);
  std::uint64_t Random();

  adapters::port::Outbox& outbox_;
  std::unordered_map<std::string, adapters::port::Sender*> senders_;
  const DispatcherOptions options_;
  const std::function<void(const DispatchReport&)> observer_;

  std::mutex claim_mutex_;  // one claim at a time, so that in-flight limits hold; taken before mutex_
  std::mutex mutex_;
  std::condition_variable woken_;
  bool stopping_ = false;  // guarded by mutex_, as are those below
  std::uint64_t wakes_ = 0;
  std::chrono::steady_clock::time_point look_at_{};  // no worker claims before: the last claim found nothing
  CircuitTable circuits_;
  std::mt19937_64 random_;
  std::vector<std::thread> workers_;
};

}  // namespace gateway::journal
