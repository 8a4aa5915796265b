// A shared amount that is taken and given back, first come first served: connection places, and bytes of large bodies.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <mutex>

namespace gateway::http::poco {

/// thread-safe. Fair: a large demand at the head of the queue is not overtaken by small ones behind it.
class Budget {
 public:
  enum class Outcome { kGranted, kQueueFull, kTimeout };

  Budget(std::size_t total, std::size_t waiters_max) : total_(total), left_(total), waiters_max_(waiters_max) {}

  /// Takes `amount`, at most the total, waiting until `deadline`.
  Outcome Take(std::size_t amount, std::chrono::steady_clock::time_point deadline);
  void Give(std::size_t amount);
  std::size_t waiting() const;
  std::size_t taken() const;

 private:
  struct Waiter {
    std::size_t amount;
    bool granted = false;
    std::condition_variable wake = {};
  };
  void GrantHead();  // with mutex_ held

  const std::size_t total_;
  mutable std::mutex mutex_;
  std::size_t left_;             // guarded by mutex_
  std::deque<Waiter*> waiters_;  // guarded by mutex_; borrowed from the stacks of the waiting threads
  const std::size_t waiters_max_;
};

}  // namespace gateway::http::poco
