// Which group belongs to which. A message is a flat list; what stands below what is said by the rule file: an OBX
// belongs to the nearest OBR before it.
#pragma once

#include <cstdint>
#include <optional>
#include <unordered_map>
#include <vector>

#include "adapters/mapping/source.hpp"

namespace adapters::mapping {

/// One occurrence of a group, 0-based.
struct Occurrence {
  std::uint32_t group = 0;
  std::uint16_t number = 0;
  bool operator==(const Occurrence&) const = default;
};

/// Immutable once filled. thread-safe.
class Nesting {
 public:
  /// Each `group` belongs to the nearest occurrence before it of any of `owners`.
  void Add(std::uint32_t group, std::vector<std::uint32_t> owners) { owners_[group] = std::move(owners); }
  bool empty() const { return owners_.empty(); }

  /// Whether a rule that stands on `at` reads `other`:
  /// - its own group: itself alone;
  /// - a group above: the one it belongs to; where it belongs to none, those beside it below a common owner, or none;
  /// - a group below: those that belong to it. Where the group names this very kind as an owner, directly: a note of a
  ///   result is not one of the report;
  /// - any other: those that stand below the same owner as itself, or all where they share none.
  bool Reads(const Source& source, const Occurrence& at, const Occurrence& other) const;

  /// The occurrence of `group` that `at` belongs to, at any height.
  std::optional<Occurrence> Above(const Source& source, const Occurrence& at, std::uint32_t group) const;
  /// Whether occurrences of `group` can stand below one of `owner`, at any depth.
  bool CanStandBelow(std::uint32_t group, std::uint32_t owner) const;

 private:
  std::optional<Occurrence> OwnerOf(const Source& source, const Occurrence& at) const;
  bool Names(std::uint32_t group, std::uint32_t owner) const;
  bool CanStandBelow(std::uint32_t group, std::uint32_t owner, std::size_t steps) const;

  std::unordered_map<std::uint32_t, std::vector<std::uint32_t>> owners_;
};

}  // namespace adapters::mapping
