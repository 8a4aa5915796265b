// One message while rules read it: which cells an address stands for, whether conditions hold, and what has been read.
// Module-private.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "adapters/mapping/compiled_map.hpp"
#include "adapters/mapping/nesting.hpp"
#include "adapters/mapping/source.hpp"

namespace adapters::mapping {

/// Where the rules stand: the occurrence of a group, and within it the repetition of a field, if any.
struct Binding {
  std::uint32_t group = 0;
  std::uint16_t occurrence = 0;
  std::uint16_t field = 0;  ///< 0: the whole group
  std::uint16_t repetition = 0;

  static Binding On(const Cell& cell) { return {cell.group, cell.occurrence, cell.field, cell.repetition}; }
};

/// thread-compatible; borrows the source and the nesting.
class Reading {
 public:
  /// `keeps_marks`: remembers what was read, for Unmapped.
  Reading(const Source& source, const Nesting& nesting, bool keeps_marks)
      : source_(source), nesting_(nesting), keeps_marks_(keeps_marks) {}

  const Source& source() const { return source_; }

  /// Whether rules that stand on `binding` read what stands on `other`. Where one of them stands on no group, yes.
  bool Reads(const Binding& binding, const Binding& other) const {
    return binding.group == 0 || other.group == 0 ||
           nesting_.Reads(source_, {binding.group, binding.occurrence}, {other.group, other.occurrence});
  }

  /// Visits the cells an address stands for, given where the rules stand, until `visit` returns false.
  template <typename Visit>
  void ForEachCell(const Address& address, const Binding& binding, Visit&& visit) const {
    std::size_t first = 0;
    std::size_t last = source_.Groups(address.group);
    if (address.occurrence > 0) {
      first = address.occurrence - 1u;
      last = std::min<std::size_t>(last, address.occurrence);
    } else if (binding.group == address.group) {
      first = binding.occurrence;
      last = first + 1;
    } else if (binding.group != 0 && nesting_.CanStandBelow(binding.group, address.group)) {
      if (const auto above = nesting_.Above(source_, {binding.group, binding.occurrence}, address.group)) {
        first = above->number;
        last = first + 1u;
      }
    }
    const bool sifts = address.occurrence == 0 && binding.group != 0 && !nesting_.empty();
    for (std::size_t occurrence = first; occurrence < last; ++occurrence) {
      if (sifts && !nesting_.Reads(source_, {binding.group, binding.occurrence},
                                   {address.group, static_cast<std::uint16_t>(occurrence)})) {
        continue;
      }
      Cell cell{address.group, static_cast<std::uint16_t>(occurrence), address.field, 0};
      if (address.field == 0) {
        if (!visit(cell)) {
          return;
        }
        continue;
      }
      const std::size_t repetitions = source_.Repetitions(cell.group, cell.occurrence, cell.field);
      const bool bound = binding.group == address.group && binding.field == address.field &&
                         binding.occurrence == occurrence && address.repetition == 0 && address.select_component == 0;
      for (std::size_t repetition = 0; repetition < repetitions; ++repetition) {
        if ((bound && repetition != binding.repetition) ||
            (address.repetition > 0 && repetition + 1 != address.repetition)) {
          continue;
        }
        cell.repetition = static_cast<std::uint16_t>(repetition);
        if (address.select_component > 0 && source_.Text(cell, address.select_component, 0) != address.select_value) {
          continue;
        }
        if (!visit(cell)) {
          return;
        }
      }
    }
  }

  /// The first text at an address that is not empty.
  std::string_view FirstText(const Address& address, const Binding& binding);
  /// Whether all terms hold.
  bool Holds(const std::vector<Term>& terms, const Binding& binding);

  /// Notes that a rule has used the cell.
  void Mark(const Cell& cell);
  /// Places that hold something, that no rule has used and that are not `ignored`.
  std::vector<std::string> Unmapped(const std::vector<Address>& ignored) const;

 private:
  bool Holds(const Term& term, const Binding& binding);

  const Source& source_;
  const Nesting& nesting_;
  bool keeps_marks_;
  std::unordered_set<std::uint64_t> read_;
};

}  // namespace adapters::mapping
