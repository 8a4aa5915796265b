// The generated table of units as it lies in read-only memory. fhir/codegen/ucum makes it; this folder alone reads it.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace fhir::ucum {

struct TextSlice {
  std::uint16_t offset;
  std::uint16_t length;
};
/// A whole number: limbs of 64 bits, the lowest first.
struct LimbSlice {
  std::uint16_t offset;
  std::uint16_t length;
};

struct DimensionRow {
  std::uint8_t base;  ///< position in Table::bases
  std::int8_t exponent;
};

struct PrefixRow {
  TextSlice code;
  std::int16_t exponent;  ///< of ten
  std::uint64_t factor;   ///< 1, or a power of 1024
};

/// Functions of special units, in the order of the generator's list.
enum class SpecialFunction : std::uint8_t {
  kNone,
  kCelsius,
  kFahrenheit,
  kReaumur,
  kTangentTimes100,
  kSlope,
  kHomeopathicX,
  kHomeopathicC,
  kHomeopathicM,
  kHomeopathicQ,
  kPh,
  kNaturalLogarithm,
  kLogarithm,
  kLogarithmTimes2,
  kBinaryLogarithm,
  kSquareRoot,
};

inline constexpr std::uint8_t kUnitMetric = 1;
inline constexpr std::uint8_t kUnitBase = 2;
inline constexpr std::uint8_t kUnitArbitrary = 4;

/// numerator / denominator × 10^exponent of base units; of a special unit, what its function's argument is counted in.
struct UnitRow {
  TextSlice code;
  TextSlice value;       ///< the definition's number as published
  TextSlice definition;  ///< the definition's unit expression as published
  LimbSlice numerator;
  LimbSlice denominator;
  std::int16_t exponent;
  std::uint16_t first_dimension;
  std::uint8_t dimension_count;
  std::uint8_t flags;
  std::uint8_t function;  ///< SpecialFunction
};

struct Table {
  std::string_view text;
  std::span<const std::uint64_t> limbs;
  std::span<const DimensionRow> dimensions;
  std::span<const std::uint16_t> bases;  ///< units, by code
  std::span<const PrefixRow> prefixes;   ///< the longer ones first
  std::span<const UnitRow> units;        ///< by code
  std::span<const std::uint16_t> slots;  ///< a hash table of 1 << kSlotBits: position of a unit plus one, 0 when empty

  std::string_view Text(TextSlice slice) const { return {text.data() + slice.offset, slice.length}; }
};

inline constexpr int kSlotBits = 10;

static_assert(sizeof(UnitRow) == 28, "rows stay small");

extern const Table kTable;

/// The unit of that code, without prefix; nullptr when there is none. Cost: one hash probe.
const UnitRow* FindUnit(std::string_view code);

}  // namespace fhir::ucum
