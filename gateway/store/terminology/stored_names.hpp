// Small tables that several requests share: what a version of a resource is called, and what the answer to an earlier
// question was made of. Both only save work; what they hold is checked or never changes.
#pragma once

#include <compare>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace gateway::store {

/// A table that starts anew when it is full. thread-safe.
template <typename Value>
class BoundedTable {
 public:
  explicit BoundedTable(std::size_t entries_max) : entries_max_(entries_max) {}

  std::shared_ptr<const Value> Find(std::string_view key) const {
    const std::scoped_lock lock(mutex_);
    const auto found = entries_.find(key);
    return found == entries_.end() ? nullptr : found->second;
  }
  void Keep(std::string_view key, Value value) {
    const std::scoped_lock lock(mutex_);
    if (entries_.size() >= entries_max_) {
      entries_.clear();
    }
    entries_.insert_or_assign(std::string(key), std::make_shared<const Value>(std::move(value)));
  }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>{}(text); }
  };
  const std::size_t entries_max_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Value>, Hash, std::equal_to<>> entries_;  // guarded by mutex_
};

/// The types of terminology resources that questions look for.
enum class TermKind : unsigned char { kCodeSystem, kValueSet, kConceptMap };
inline constexpr TermKind kTermKinds[] = {TermKind::kCodeSystem, TermKind::kValueSet, TermKind::kConceptMap};
std::string_view TypeNameOf(TermKind kind);

/// What one version of a stored resource is known by; it never changes.
struct StoredName {
  std::string url;
  std::string version;
};

/// A look-up that went into a compiled value set.
struct AskedFor {
  TermKind kind = TermKind::kCodeSystem;
  std::string canonical;
  auto operator<=>(const AskedFor&) const = default;
};

}  // namespace gateway::store
