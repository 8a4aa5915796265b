// Exact arithmetic of conversions: fractions of whole numbers times a power of ten. A factor such as 5/9, or one with
// pi below the line, has no end as a decimal, and would make equal quantities differ.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/ucum/natural.hpp"

namespace fhir::ucum {

/// ± numerator / denominator × 10^exponent. What does not fit any more becomes invalid, stays so through every
/// operation, and is found out at the end by IsValid. thread-compatible value.
class Ratio {
 public:
  Ratio() : numerator_(1), denominator_(1) {}
  explicit Ratio(std::uint64_t value) : numerator_(value), denominator_(1) {}
  Ratio(const Natural& numerator, const Natural& denominator, std::int64_t exponent)
      : numerator_(numerator), denominator_(denominator), exponent_(exponent) {}

  /// Nothing when text is no decimal; invalid when it has more than kValueDigitsMax digits or a huge exponent.
  static std::optional<Ratio> Parse(std::string_view text);
  /// The nearest decimal of 15 digits; invalid when not finite.
  static Ratio FromLongDouble(long double value);

  bool IsValid() const { return valid_; }
  bool IsZero() const { return numerator_.IsZero(); }
  bool IsNegative() const { return negative_; }
  bool IsOne() const { return numerator_.IsOne() && denominator_.IsOne() && exponent_ == 0 && !negative_; }

  void Multiply(const Ratio& other);
  /// Division by zero gives an invalid ratio.
  void Divide(const Ratio& other);
  void Raise(int power);
  void Add(const Ratio& other);
  void Negate() { negative_ = !negative_ && !IsZero(); }

  /// Nothing when it cannot be told within the limits.
  static std::optional<std::strong_ordering> Compare(const Ratio& left, const Ratio& right);

  /// Decimal text: exact with up to `digits_max` significant digits, else rounded to them, half away from zero.
  /// Nothing when invalid.
  std::optional<std::string> ToDecimal(int digits_max) const;
  long double ToLongDouble() const;

 private:
  static Ratio Invalid() {
    Ratio ratio;
    ratio.valid_ = false;
    return ratio;
  }
  bool valid_ = true;
  bool negative_ = false;
  Natural numerator_;
  Natural denominator_;
  std::int64_t exponent_ = 0;
};

}  // namespace fhir::ucum
