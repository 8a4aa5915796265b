#include "fhir/ucum/table.hpp"

#include <cstddef>

namespace fhir::ucum {
namespace {

/// Hash of a code; fhir/codegen/ucum/emit.py has the same function.
std::size_t SlotOf(std::string_view code) {
  const auto byte = [&](std::size_t at) { return static_cast<std::uint64_t>(static_cast<unsigned char>(code[at])); };
  const std::size_t n = code.size();
  const std::uint64_t key =
      byte(0) | byte(n - 1) << 8 | byte(n / 2) << 16 | byte(n / 4) << 24 | static_cast<std::uint64_t>(n) << 32;
  return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15U) >> (64 - kSlotBits));
}

}  // namespace

const UnitRow* FindUnit(std::string_view code) {
  if (code.empty()) {
    return nullptr;
  }
  // At most half of the slots are taken, so that an empty one ends every search.
  for (std::size_t at = SlotOf(code);; at = (at + 1) % kTable.slots.size()) {
    const std::uint16_t slot = kTable.slots[at];
    if (slot == 0) {
      return nullptr;
    }
    const UnitRow& row = kTable.units[slot - 1U];
    if (kTable.Text(row.code) == code) {
      return &row;
    }
  }
}

}  // namespace fhir::ucum
