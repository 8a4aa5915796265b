#include "fhir/fhirpath/number.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdlib>

namespace fhir::fhirpath {
namespace {

constexpr int kNumberDigitsMax = 34;
constexpr int kDivisionPlaces = 16;

bool TimesTen(Number::Wide& value) {
  return !__builtin_mul_overflow(value, Number::Wide{10}, &value);
}

}  // namespace

std::optional<Number> Number::Parse(std::string_view text) {
  Number number;
  bool negative = false;
  std::size_t at = 0;
  if (at < text.size() && (text[at] == '-' || text[at] == '+')) negative = text[at++] == '-';
  int digits = 0;
  bool any = false;
  bool point = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '.' && !point) {
      point = true;
      continue;
    }
    if (c < '0' || c > '9') break;
    any = true;
    if (point) ++number.scale_;
    if ((number.mantissa_ != 0 || c != '0') && ++digits > kNumberDigitsMax) return std::nullopt;
    number.mantissa_ = number.mantissa_ * 10 + (c - '0');
  }
  if (!any || number.scale_ > 200) return std::nullopt;
  if (at < text.size()) {
    if (text[at] != 'e' && text[at] != 'E') return std::nullopt;
    ++at;
    bool down = false;
    if (at < text.size() && (text[at] == '-' || text[at] == '+')) down = text[at++] == '-';
    if (at >= text.size()) return std::nullopt;
    int exponent = 0;
    for (; at < text.size(); ++at) {
      if (text[at] < '0' || text[at] > '9' || exponent > 1000) return std::nullopt;
      exponent = exponent * 10 + (text[at] - '0');
    }
    number.scale_ += down ? exponent : -exponent;
  }
  while (number.scale_ < 0) {
    if (number.mantissa_ == 0)
      number.scale_ = 0;
    else if (!TimesTen(number.mantissa_))
      return std::nullopt;
    else
      ++number.scale_;
  }
  if (number.scale_ > 1200) return std::nullopt;
  if (negative) number.mantissa_ = -number.mantissa_;
  return number;
}

std::string Number::ToString() const {
  Wide rest = mantissa_ < 0 ? -mantissa_ : mantissa_;
  std::string digits;
  do {
    digits.push_back(static_cast<char>('0' + static_cast<int>(rest % 10)));
    rest /= 10;
  } while (rest != 0);
  while (static_cast<int>(digits.size()) <= scale_) digits.push_back('0');
  if (scale_ > 0) digits.insert(static_cast<std::size_t>(scale_), 1, '.');
  if (mantissa_ < 0) digits.push_back('-');
  std::ranges::reverse(digits);
  return digits;
}

double Number::ToDouble() const {
  return std::strtod(ToString().c_str(), nullptr);
}

std::optional<Number> Number::FromDouble(double value) {
  if (!std::isfinite(value) || std::fabs(value) > 1e24) return std::nullopt;
  // 16 significant digits, as a quotient has: the most that a double always keeps but for its last bit.
  constexpr int kDigits = 16;
  constexpr int kPlacesMax = 28;
  const int whole = value == 0 ? 1 : static_cast<int>(std::floor(std::log10(std::fabs(value)))) + 1;
  const std::optional<Number> parsed = Parse(fmt::format("{:.{}f}", value, std::clamp(kDigits - whole, 0, kPlacesMax)));
  if (!parsed) return std::nullopt;
  return parsed->Normalized();
}

Number Number::Negated() const {
  Number result = *this;
  result.mantissa_ = -result.mantissa_;
  return result;
}

bool Number::RaiseTo(Number& number, int scale) {
  Number raised = number;
  while (raised.scale_ < scale) {
    if (!TimesTen(raised.mantissa_)) return false;
    ++raised.scale_;
  }
  number = raised;
  return true;
}

bool Number::Align(Number& left, Number& right) {
  if (RaiseTo(left, right.scale_) && RaiseTo(right, left.scale_)) return true;
  // Trailing zeros may be what does not fit; they are left alone before, since dividing is dear.
  left = left.Normalized();
  right = right.Normalized();
  return RaiseTo(left, right.scale_) && RaiseTo(right, left.scale_);
}

int Number::Compare(const Number& left, const Number& right) {
  Number a = left;
  Number b = right;
  if (!Align(a, b)) {  // so far apart in size that doubles tell them apart
    const double difference = left.ToDouble() - right.ToDouble();
    return difference < 0 ? -1 : difference > 0 ? 1 : 0;
  }
  return a.mantissa_ < b.mantissa_ ? -1 : a.mantissa_ > b.mantissa_ ? 1 : 0;
}

std::optional<Number> Number::Add(const Number& left, const Number& right) {
  const int scale = std::max(left.scale_, right.scale_);
  Number a = left;
  Number b = right;
  Number result;
  if (!Align(a, b) || __builtin_add_overflow(a.mantissa_, b.mantissa_, &result.mantissa_)) return std::nullopt;
  result.scale_ = a.scale_;
  while (result.scale_ < scale && TimesTen(result.mantissa_)) ++result.scale_;  // 1.0 + 1.0 is 2.0
  return result;
}

std::optional<Number> Number::Subtract(const Number& left, const Number& right) {
  return Add(left, right.Negated());
}

std::optional<Number> Number::Multiply(const Number& left, const Number& right) {
  Number result;
  const Number a = left.Normalized();
  const Number b = right.Normalized();
  if (__builtin_mul_overflow(a.mantissa_, b.mantissa_, &result.mantissa_)) return std::nullopt;
  result.scale_ = a.scale_ + b.scale_;
  return result;
}

std::optional<Number> Number::Divide(const Number& left, const Number& right) {
  if (right.IsZero()) return std::nullopt;
  Number a = left.Normalized();
  const Number b = right.Normalized();
  while (a.scale_ < b.scale_ + kDivisionPlaces) {
    Wide wider = a.mantissa_;
    if (!TimesTen(wider)) break;
    a.mantissa_ = wider;
    ++a.scale_;
  }
  if (a.scale_ < b.scale_) return std::nullopt;
  Number result;
  result.mantissa_ = a.mantissa_ / b.mantissa_;
  result.scale_ = a.scale_ - b.scale_;
  // The last digit is rounded, half away from zero.
  const Wide rest = a.mantissa_ % b.mantissa_;
  const Wide remainder = (rest < 0 ? -rest : rest);
  const Wide divisor = b.mantissa_ < 0 ? -b.mantissa_ : b.mantissa_;
  if (remainder >= divisor - remainder) result.mantissa_ += ((a.mantissa_ < 0) != (b.mantissa_ < 0)) ? -1 : 1;
  return result.Normalized();
}

std::optional<Number> Number::DivideWhole(const Number& left, const Number& right) {
  if (right.IsZero()) return std::nullopt;
  Number a = left;
  Number b = right;
  if (!Align(a, b)) return std::nullopt;
  Number result;
  result.mantissa_ = a.mantissa_ / b.mantissa_;
  return result;
}

std::optional<Number> Number::Modulo(const Number& left, const Number& right) {
  if (right.IsZero()) return std::nullopt;
  Number a = left;
  Number b = right;
  if (!Align(a, b)) return std::nullopt;
  Number result;
  result.mantissa_ = a.mantissa_ % b.mantissa_;
  result.scale_ = a.scale_;
  return result.Normalized();
}

Number Number::Rounded(int places, Rounding rounding) const {
  Number result = *this;
  if (scale_ <= places) return result;
  bool half = false;
  bool rest = false;
  while (result.scale_ > places) {
    const Wide last = result.mantissa_ % 10;
    rest = rest || last != 0;
    half = last >= 5 || last <= -5;  // of the last digit cut off, which alone decides
    result.mantissa_ /= 10;
    --result.scale_;
  }
  const int away = mantissa_ < 0 ? -1 : 1;
  switch (rounding) {
    case Rounding::kTruncate:
      break;
    case Rounding::kFloor:
      result.mantissa_ += rest && mantissa_ < 0 ? -1 : 0;
      break;
    case Rounding::kCeiling:
      result.mantissa_ += rest && mantissa_ > 0 ? 1 : 0;
      break;
    case Rounding::kHalfAwayFromZero:
      result.mantissa_ += half ? away : 0;
      break;
  }
  return result;
}

std::optional<std::int64_t> Number::ToInteger() const {
  const Number whole = Rounded(0, Rounding::kTruncate);
  if (whole.mantissa_ > INT64_MAX || whole.mantissa_ < INT64_MIN) return std::nullopt;
  return static_cast<std::int64_t>(whole.mantissa_);
}

std::optional<std::int32_t> Number::ToSystemInteger() const {
  const std::optional<std::int64_t> integer = ToInteger();
  if (!integer || *integer > INT32_MAX || *integer < INT32_MIN) return std::nullopt;
  return static_cast<std::int32_t>(*integer);
}

Number Number::Normalized() const {
  Number result = *this;
  while (result.scale_ > 0 && result.mantissa_ % 10 == 0) {
    result.mantissa_ /= 10;
    --result.scale_;
  }
  return result;
}

}  // namespace fhir::fhirpath
