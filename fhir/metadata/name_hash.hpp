// The hash of the generated name tables. fhir/codegen/emit.py (slot_of) has the same function: change both or neither.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace fhir::metadata {

/// Slot of a name in an open-addressing table of 2^bits slots.
/// Shape: name has 1 to 255 bytes; bits is 1 to 63.  Cost: four bytes of the name and its length, no loop.
inline std::size_t SlotOf(std::string_view name, unsigned bits) {
  const auto byte = [name](std::size_t at) { return std::uint64_t{static_cast<unsigned char>(name[at])}; };
  const std::size_t length = name.size();
  const std::uint64_t key =
      byte(0) | byte(length - 1) << 8 | byte(length / 2) << 16 | byte(length / 4) << 24 | std::uint64_t{length} << 32;
  return static_cast<std::size_t>((key * 0x9E3779B97F4A7C15u) >> (64 - bits));
}

}  // namespace fhir::metadata
