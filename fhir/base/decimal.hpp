// Exact decimals. FHIR keeps a decimal's digits ("1.00" is not "1.0"), so stored values stay text; this is the
// arithmetic for money and quantities, and the comparison and implicit range that search needs.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace fhir {

__extension__ typedef __int128 Int128;

/// True when text is a FHIR decimal: the JSON number grammar, exponent included ("1.00", "-0.5", "1.2E+2").
/// Source: https://hl7.org/fhir/R4/datatypes.html#decimal
bool IsDecimal(std::string_view text);

/// The values a decimal text may stand for, [low, high), as decimal texts without more digits than needed.
struct DecimalRange {
  std::string low;
  std::string high;
};

/// The text ± half a unit of its last digit: "5.40" → [5.395, 5.405), "100" → [99.5, 100.5), "-2" → [-2.5, -1.5).
/// Shape:  any number of digits; exponents beyond ±16,000 are refused, since no database column holds them.
/// Errors: kInvalid.
/// NB: a unit of the last digit of "1e2" is 100, so its range is [50, 150); the example table of the search page says
///     [95, 105), which contradicts its own rule of significant figures.
/// Source: https://hl7.org/fhir/R4/search.html#number
Result<DecimalRange> ImplicitRange(std::string_view text);

/// Compares two decimal texts by value, exactly and for any number of digits.
/// Errors: kInvalid when one is not a decimal.
Result<std::strong_ordering> CompareDecimals(std::string_view left, std::string_view right);

/// A decimal of at most 38 digits with its number of places. Values, not text: 1.0 equals 1.00, but ToString keeps the
/// places. Every operation is exact or says that it does not fit (kTooLarge).
class Decimal {
 public:
  constexpr Decimal() = default;
  /// `mantissa` × 10^-`places`; places in [0, 36].
  static constexpr Decimal FromScaled(std::int64_t mantissa, int places) { return Decimal(mantissa, places); }
  static constexpr Decimal FromInteger(std::int64_t value) { return Decimal(value, 0); }
  /// Errors: kInvalid for other grammar, kTooLarge past 36 digits before or after the point.
  static Result<Decimal> Parse(std::string_view text);

  int places() const { return places_; }
  bool IsZero() const { return mantissa_ == 0; }
  bool IsNegative() const { return mantissa_ < 0; }

  /// Plain notation with all places: "-0.50".
  std::string ToString() const;

  Result<Decimal> Add(const Decimal& other) const;
  Result<Decimal> Subtract(const Decimal& other) const;
  Result<Decimal> Multiply(const Decimal& other) const;
  Decimal Negated() const { return Decimal(-mantissa_, places_); }
  /// Exactly `places` places, half away from zero: 2.345 → 2.35, -2.345 → -2.35; fewer places are filled with zeros.
  /// Errors: kTooLarge when filling does not fit.
  Result<Decimal> Rounded(int places) const;

  friend std::strong_ordering operator<=>(const Decimal& left, const Decimal& right);
  friend bool operator==(const Decimal& left, const Decimal& right) { return (left <=> right) == 0; }

 private:
  constexpr Decimal(Int128 mantissa, int places) : mantissa_(mantissa), places_(places) {}
  Int128 mantissa_ = 0;
  int places_ = 0;
};

}  // namespace fhir
