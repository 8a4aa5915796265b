// A unit expression after reading: what it measures, and how large it is in base units.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/ucum/ratio.hpp"
#include "fhir/ucum/table.hpp"
#include "fhir/ucum/ucum.hpp"

namespace fhir::ucum {

/// Exponents of the base units, by their position in Table::bases.
struct Dimensions {
  static constexpr std::size_t kBasesMax = 64;
  std::array<std::int32_t, kBasesMax> exponents{};
  bool operator==(const Dimensions&) const = default;
  bool IsOne() const;
};

/// thread-compatible value.
struct Term {
  Ratio ratio{1};  ///< to base units; of a special unit, what its function's argument is counted in
  Dimensions dimensions;
  const UnitRow* special = nullptr;  ///< the one special unit
  Ratio special_scale{1};            ///< prefix and numbers before it: "dB" is 1/10
  bool special_in_product = false;   ///< a special unit times another unit: right by syntax, without a value

  /// product or quotient with `other`.
  void Combine(const Term& other, bool divide);
};

/// Reads an expression; `term` may be null when only its syntax is asked.
std::optional<SyntaxError> ReadTerm(std::string_view text, Term* term);

/// Base units with their exponents: "g.m-1.s-2"; "1" when there are none.
std::string BaseUnits(const Dimensions& dimensions);

/// The value in base units: value × ratio, or by the special unit's function. Invalid when out of range.
Ratio ToBase(const Term& unit, const Ratio& value);
/// The other way.
Ratio FromBase(const Term& unit, const Ratio& base);

}  // namespace fhir::ucum
