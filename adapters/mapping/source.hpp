// What rules read: a message as named groups with numbered, repeating fields. HL7 v2 implements it over its segments.
#pragma once

#include <functional>
#include <string_view>

#include "adapters/mapping/address.hpp"

namespace adapters::mapping {

/// thread-compatible. Views live as long as the source.
class Source {
 public:
  virtual ~Source() = default;
  /// How many groups of that name there are.
  virtual std::size_t Groups(std::uint32_t group) const = 0;
  /// Where an occurrence stands in the order of all groups: what comes before has a smaller number.
  virtual std::size_t Position(std::uint32_t group, std::uint16_t occurrence) const = 0;
  /// Repetitions of a field in one occurrence of a group; 0 when the field is empty or absent.
  virtual std::size_t Repetitions(std::uint32_t group, std::uint16_t occurrence, std::uint16_t field) const = 0;
  /// Decoded text of a component; component and subcomponent 0 count as 1. Empty when absent or an explicit null.
  virtual std::string_view Text(const Cell& cell, int component, int subcomponent) const = 0;
  /// Whether the sender asks for the field to be emptied (HL7 v2: "").
  virtual bool IsNull(const Cell& cell) const = 0;
  /// Calls back for every repetition that holds something.
  virtual void ForEachCell(const std::function<void(const Cell&)>& visit) const = 0;
};

}  // namespace adapters::mapping
