// From a code to its position in a list: the one hash table of this folder.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>
#include <vector>

namespace fhir::terminology {

/// Positions of codes, without the codes: the list stays the caller's. thread-compatible.
class CodeIndex {
 public:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  /// Makes room for `count` codes; what was in it is gone.
  void Reset(std::size_t count) { slots_.assign(std::bit_ceil(count + count / 2 + 2), kNone); }

  /// The position of `code`, or kNone. `code_at(position)` gives the code at a position.
  template <typename CodeAt>
  std::uint32_t Find(std::string_view code, const CodeAt& code_at) const {
    if (slots_.empty()) {
      return kNone;
    }
    for (std::size_t slot = First(code);; slot = (slot + 1) & (slots_.size() - 1)) {
      if (slots_[slot] == kNone || code_at(slots_[slot]) == code) {
        return slots_[slot];
      }
    }
  }

  /// Adds a code unless there is an equal one; the position under which it is known from then on.
  template <typename CodeAt>
  std::uint32_t Insert(std::string_view code, std::uint32_t position, const CodeAt& code_at) {
    std::size_t slot = First(code);
    while (slots_[slot] != kNone && code_at(slots_[slot]) != code) {
      slot = (slot + 1) & (slots_.size() - 1);
    }
    if (slots_[slot] == kNone) {
      slots_[slot] = position;
    }
    return slots_[slot];
  }

  /// From the hashes of the codes at positions 0, 1 …, when the codes themselves are not at hand; asked by ForHash
  /// alone.
  void Build(std::span<const std::uint32_t> hashes) {
    Reset(hashes.size());
    for (std::uint32_t position = 0; position < hashes.size(); ++position) {
      std::size_t slot = hashes[position] & (slots_.size() - 1);
      while (slots_[slot] != kNone) {
        slot = (slot + 1) & (slots_.size() - 1);
      }
      slots_[slot] = position;
    }
  }

  /// Calls visit(position) for each code of that hash, until it returns false.
  template <typename Visit>
  void ForHash(std::uint32_t hash, std::span<const std::uint32_t> hashes, const Visit& visit) const {
    for (std::size_t slot = hash & (slots_.size() - 1); slots_[slot] != kNone;
         slot = (slot + 1) & (slots_.size() - 1)) {
      if (hashes[slots_[slot]] == hash && !visit(slots_[slot])) {
        return;
      }
    }
  }

  std::size_t bytes() const { return slots_.size() * sizeof(slots_[0]); }

 private:
  std::size_t First(std::string_view code) const { return std::hash<std::string_view>{}(code) & (slots_.size() - 1); }
  std::vector<std::uint32_t> slots_;  // a power of two, at most two thirds full
};

}  // namespace fhir::terminology
