// Exact decimals for the arithmetic of expressions: 28 significant digits, as the specification asks for at least.
// Source: http://hl7.org/fhirpath/N1/#decimal
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace fhir::fhirpath {

/// mantissa × 10^-scale. thread-compatible value.
class Number {
 public:
  __extension__ using Wide = __int128;

  Number() = default;
  explicit Number(std::int64_t integer) : mantissa_(integer) {}

  /// Nothing for text that is not a decimal, or that has more digits than fit.
  static std::optional<Number> Parse(std::string_view text);

  /// As decimal text without exponent, trailing zeros kept as the scale says.
  std::string ToString() const;
  double ToDouble() const;
  /// The nearest decimal of 16 significant digits, of 28 places at most; nothing when not finite or too large.
  static std::optional<Number> FromDouble(double value);

  int scale() const { return scale_; }
  bool IsZero() const { return mantissa_ == 0; }
  bool IsNegative() const { return mantissa_ < 0; }
  Number Negated() const;

  /// −1, 0 or 1.
  static int Compare(const Number& left, const Number& right);
  // Nothing on overflow, and on division by zero.
  static std::optional<Number> Add(const Number& left, const Number& right);
  static std::optional<Number> Subtract(const Number& left, const Number& right);
  static std::optional<Number> Multiply(const Number& left, const Number& right);
  static std::optional<Number> Divide(const Number& left, const Number& right);
  /// The quotient without its fraction.
  static std::optional<Number> DivideWhole(const Number& left, const Number& right);
  static std::optional<Number> Modulo(const Number& left, const Number& right);

  enum class Rounding : std::uint8_t { kTruncate, kFloor, kCeiling, kHalfAwayFromZero };
  Number Rounded(int places, Rounding rounding) const;
  std::optional<std::int64_t> ToInteger() const;
  /// The same within the range of System.Integer, 32 bits.
  std::optional<std::int32_t> ToSystemInteger() const;
  /// Without trailing zeros after the point.
  Number Normalized() const;

 private:
  static bool RaiseTo(Number& number, int scale);
  static bool Align(Number& left, Number& right);
  Wide mantissa_ = 0;
  int scale_ = 0;
};

}  // namespace fhir::fhirpath
