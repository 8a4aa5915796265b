// Units of measure: reads UCUM expressions (case-sensitive form), and converts and compares quantities.
// Everything about single units comes from the generated table; this folder knows the grammar and the arithmetic.
// Calendar words of FHIRPath ("days") are not UCUM and not known here.
// Source: https://ucum.org/ucum
#pragma once

#include <compare>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace fhir::ucum {

/// The code system of UCUM units in a Quantity.
inline constexpr std::string_view kSystem = "http://unitsofmeasure.org";

/// Limits on an expression, which may come from outside.
inline constexpr std::size_t kUnitBytesMax = 1000;
inline constexpr std::size_t kUnitDepthMax = 50;  ///< nested parentheses
inline constexpr int kExponentMax = 999;          ///< of one unit, either sign
/// Digits of a value that can be converted, and of a number within a unit.
inline constexpr std::size_t kValueDigitsMax = 100;
/// A result that does not end is rounded to so many significant digits. Logarithmic units give 15.
inline constexpr int kResultDigitsMax = 34;

/// What is wrong with a unit expression, and where.
struct SyntaxError {
  std::size_t offset = 0;  ///< byte offset in the expression
  std::string text;        ///< what was expected; never the expression itself
};

/// Nothing when `unit` is a UCUM expression of known units; else the first error.
/// Cost:   one pass, less than a microsecond for a usual unit, nothing allocated.
/// Source: https://ucum.org/ucum#section-Syntax-Rules
std::optional<SyntaxError> Check(std::string_view unit);
inline bool IsUnit(std::string_view unit) {
  return !Check(unit).has_value();
}

/// A number with its unit: `value` is a decimal text, `unit` a UCUM expression.
struct Quantity {
  std::string_view value;
  std::string_view unit;
};
struct CanonicalQuantity {
  std::string value;  ///< decimal text without needless zeros; with an exponent when very long otherwise
  std::string unit;   ///< base units in the order of the table: "m", "g.m-1.s-2"; "1" when there are none
};

/// The quantity in base units. Two quantities measure the same kind of thing when their canonical units are equal.
/// Ratios are exact where the table is exact: 1 [in_i] is 0.0254 m.
/// Cost:   about a microsecond.
/// Errors: kInvalid for a value or unit that cannot be read (with the offset); kUnsupported for a special unit within a
///         product ("Cel/h" has no value in base units, though its syntax is right) or outside of its range (0 of a
///         logarithm); kTooLarge when the number does not fit.
Result<CanonicalQuantity> Canonical(const Quantity& quantity);

/// The canonical unit alone: "mmol/L" → "m-3". Errors: as Canonical.
Result<std::string> CanonicalUnit(std::string_view unit);

/// True when both are units of the same kind, so that values may be converted. Special units count as what they
/// measure: "Cel" converts to "K" and "[degF]". Arbitrary units ("[iU]") convert only to multiples of themselves.
bool Convertible(std::string_view from, std::string_view to);

/// The value of `quantity` in the unit `to`, as decimal text.
/// Errors: as Canonical, and kUnsupported when the units are not of the same kind.
Result<std::string> Convert(const Quantity& quantity, std::string_view to);

/// The order of two quantities by value; nothing when they cannot be compared: units of different kinds, or Canonical
/// fails for one. Exact, whatever the units: 1 [ft_i] equals 12 [in_i]. Logarithmic units are compared by 15 digits.
/// Quantities of one and the same unit are ordered by their numbers, also on a scale that falls ("[pH]").
std::optional<std::strong_ordering> Compare(const Quantity& left, const Quantity& right);

}  // namespace fhir::ucum
