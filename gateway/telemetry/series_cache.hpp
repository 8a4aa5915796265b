// Finds the series of a hot path without the registry: one hash and one comparison, no lock, no allocation.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>

namespace gateway::telemetry {

/// Series by a short key, e.g. a statement's name. `Series` is a small copyable struct of pointers into a registry that
/// outlives the cache. thread-safe. Past kEntriesMax keys, further ones are made anew each time.
template <typename Series>
class SeriesCache {
 public:
  /// What is kept under `key`, or what make(), a look-up in the registry, gives.
  template <typename Make>
  Series Get(std::string_view key, Make make) {
    const std::size_t hash = std::hash<std::string_view>{}(key);
    for (std::size_t i = 0; i < kSlots; ++i) {
      const Entry* entry = slots_[(hash + i) % kSlots].load(std::memory_order_acquire);
      if (entry == nullptr) {
        return Insert(key, hash, make());
      }
      if (entry->key == key) {
        return entry->series;
      }
    }
    return make();
  }

 private:
  static constexpr std::size_t kSlots = 1024;
  static constexpr std::size_t kEntriesMax = kSlots / 2;  // so that a look-up ends soon

  struct Entry {
    std::string key;
    Series series;
  };

  Series Insert(std::string_view key, std::size_t hash, Series series) {
    const std::lock_guard lock(mutex_);
    if (entries_.size() < kEntriesMax) {
      const Entry& entry = entries_.emplace_back(std::string(key), series);
      std::size_t at = hash % kSlots;
      while (slots_[at].load(std::memory_order_relaxed) != nullptr) {
        at = (at + 1) % kSlots;
      }
      slots_[at].store(&entry, std::memory_order_release);
    }
    return series;
  }

  std::array<std::atomic<const Entry*>, kSlots> slots_{};
  std::mutex mutex_;           // guards entries_, and who fills a slot
  std::deque<Entry> entries_;  // a key may stand here twice when two threads met it first: the earlier slot is found
};

}  // namespace gateway::telemetry
