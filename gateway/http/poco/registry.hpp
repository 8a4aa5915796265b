// Which connections are open, and which of them idle: to make place for new ones, and to stop.
#pragma once

#include <sys/socket.h>

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <unordered_set>

namespace gateway::http::poco {

enum class Phase : std::uint8_t { kBusy, kIdle, kEvicted };

/// One connection's entry, owned by the connection; its descriptor stays open while it is listed.
struct Entry {
  int descriptor = -1;
  std::atomic<Phase> phase{Phase::kBusy};
  std::atomic<std::int64_t> idle_since{0};
};

/// thread-safe.
class Registry {
 public:
  void Add(Entry& entry) {
    const std::scoped_lock lock(mutex_);
    entries_.insert(&entry);
  }

  void Remove(Entry& entry) {
    const std::scoped_lock lock(mutex_);
    entries_.erase(&entry);
    changed_.notify_all();
  }

  /// Ends the longest idle connection. A request already in its socket is still read and answered.
  bool EvictOldestIdle() {
    const std::scoped_lock lock(mutex_);
    Entry* oldest = nullptr;
    for (Entry* entry : entries_) {
      if (entry->phase == Phase::kIdle && (oldest == nullptr || entry->idle_since < oldest->idle_since)) {
        oldest = entry;
      }
    }
    return oldest != nullptr && Evict(*oldest);
  }

  void EvictAllIdle() {
    const std::scoped_lock lock(mutex_);
    for (Entry* entry : entries_) {
      Evict(*entry);
    }
  }

  /// Cuts every connection; returns how many were busy.
  std::size_t CutAll() {
    const std::scoped_lock lock(mutex_);
    std::size_t busy = 0;
    for (Entry* entry : entries_) {
      busy += entry->phase == Phase::kBusy ? 1 : 0;
      ::shutdown(entry->descriptor, SHUT_RDWR);
    }
    return busy;
  }

  /// Whether all were gone before `deadline`.
  bool WaitUntilEmpty(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return changed_.wait_until(lock, deadline, [this] { return entries_.empty(); });
  }

  std::size_t size() const {
    const std::scoped_lock lock(mutex_);
    return entries_.size();
  }

 private:
  static bool Evict(Entry& entry) {
    Phase idle = Phase::kIdle;
    return entry.phase.compare_exchange_strong(idle, Phase::kEvicted) && ::shutdown(entry.descriptor, SHUT_RD) == 0;
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_set<Entry*> entries_;  // guarded by mutex_
};

}  // namespace gateway::http::poco
