// Where a value stands in a source made of named groups with numbered fields (HL7 v2: segments): "PID-3[2].4.1".
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace adapters::mapping {

/// A group's name packed into a number: up to four characters, "PID" → 0x504944. 0 for an unusable name.
constexpr std::uint32_t PackGroup(std::string_view name) {
  if (name.empty() || name.size() > 4) {
    return 0;
  }
  std::uint32_t packed = 0;
  for (const char character : name) {
    packed = (packed << 8) | static_cast<unsigned char>(character);
  }
  return packed;
}

std::string GroupName(std::uint32_t packed);

/// All indexes are 1-based as people write them; 0 means not said.
struct Address {
  std::uint32_t group = 0;
  std::uint16_t occurrence = 0;
  std::uint16_t field = 0;  ///< 0: the whole group, as in "each: IN1"
  std::uint16_t repetition = 0;
  std::uint16_t component = 0;
  std::uint16_t subcomponent = 0;
  /// "PID-3[5=PI]": the repetitions whose component 5 is PI.
  std::uint16_t select_component = 0;
  std::string select_value;
};

/// Shape:  GROUP[n]-FIELD[n or c=TEXT].COMPONENT.SUBCOMPONENT, every part after GROUP optional from the right.
/// Errors: kConfiguration when the text is not an address.
fhir::Result<Address> ParseAddress(std::string_view text);

/// One repetition of one field, 0-based as the machine counts.
struct Cell {
  std::uint32_t group = 0;
  std::uint16_t occurrence = 0;
  std::uint16_t field = 0;
  std::uint16_t repetition = 0;
  bool operator==(const Cell&) const = default;
};

/// "PID-3", "IN1[2]-15", "PID-3[2].5": occurrences and repetitions past the first are shown.
std::string Place(const Cell& cell, int component = 0, int subcomponent = 0);

}  // namespace adapters::mapping
