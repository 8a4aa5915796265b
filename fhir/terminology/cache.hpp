// Keeps what was compiled, by name, up to a number of bytes. What was not used for longest goes first; who still holds
// it keeps it alive.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace fhir::terminology {

/// Value has a member bytes(). thread-safe; readers do not wait for each other.
template <typename Value>
class Cache {
 public:
  explicit Cache(std::size_t bytes_max) : bytes_max_(bytes_max) {}

  std::shared_ptr<const Value> Find(std::string_view name) const {
    const std::shared_lock lock(mutex_);
    const auto found = entries_.find(name);
    if (found == entries_.end()) {
      return nullptr;
    }
    found->second.used.store(uses_.load(std::memory_order_relaxed), std::memory_order_relaxed);
    return found->second.value;
  }

  /// Keeps `value` unless there is one of that name, which is then the result. One that is larger than the whole cache
  /// is handed back and not kept.
  std::shared_ptr<const Value> Keep(std::string_view name, std::shared_ptr<const Value> value) {
    const std::size_t bytes = value->bytes() + name.size() + sizeof(Entry);
    const std::scoped_lock lock(mutex_);
    if (const auto found = entries_.find(name); found != entries_.end()) {
      return found->second.value;
    }
    if (bytes > bytes_max_) {
      return value;
    }
    while (bytes_ + bytes > bytes_max_) {
      DropOldest();
    }
    bytes_ += bytes;
    entries_.try_emplace(std::string(name), value, bytes, uses_.fetch_add(1, std::memory_order_relaxed) + 1);
    return value;
  }

  std::size_t bytes() const {
    const std::shared_lock lock(mutex_);
    return bytes_;
  }

 private:
  struct Entry {
    Entry(std::shared_ptr<const Value> kept, std::size_t size, std::uint64_t now)
        : value(std::move(kept)), bytes(size), used(now) {}
    std::shared_ptr<const Value> value;
    std::size_t bytes;
    mutable std::atomic<std::uint64_t> used;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };

  /// Linear, and rare: it happens when something is compiled, which costs more.
  void DropOldest() {
    auto oldest = entries_.begin();
    for (auto at = entries_.begin(); at != entries_.end(); ++at) {
      oldest = at->second.used < oldest->second.used ? at : oldest;
    }
    bytes_ -= oldest->second.bytes;
    entries_.erase(oldest);
  }

  std::size_t bytes_max_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;  // guarded by mutex_
  std::size_t bytes_ = 0;                                                  // guarded by mutex_
  std::atomic<std::uint64_t> uses_{0};  // moves when something is added: ages need no finer clock
};

}  // namespace fhir::terminology
