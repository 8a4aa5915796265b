#include "fhir/base/decimal.hpp"

#include <algorithm>
#include <array>
#include <iterator>

#include <fmt/format.h>

namespace fhir {
namespace {

constexpr int kPlacesMax = 36;
constexpr std::int64_t kExponentMax = 16'000;           // a numeric column of PostgreSQL holds 16,383 places
constexpr std::int64_t kExponentClamp = 1'000'000'000;  // an exponent of a million digits must not overflow
constexpr int kPlainZerosMax = 40;                      // longer runs of zeros are written with an exponent

constexpr auto kPowersOfTen = [] {
  std::array<Int128, 38> powers{};
  powers[0] = 1;
  for (std::size_t i = 1; i < powers.size(); ++i) {
    powers[i] = powers[i - 1] * 10;
  }
  return powers;
}();
constexpr Int128 kMantissaMax = kPowersOfTen[37] * 10 - 1;

bool IsDigit(char c) {
  return c >= '0' && c <= '9';
}

/// ±digits × 10^exponent; digits without leading zeros, empty for zero.
struct ScaledText {
  bool negative = false;
  std::string digits;
  std::int64_t exponent = 0;
};

bool Scan(std::string_view text, ScaledText* out) {
  std::size_t at = 0;
  const auto peek = [&] { return at < text.size() ? text[at] : '\0'; };
  const auto digits = [&](bool keep) {
    const std::size_t start = at;
    while (IsDigit(peek())) {
      if (keep && out != nullptr && (text[at] != '0' || !out->digits.empty())) {
        out->digits += text[at];
      }
      ++at;
    }
    return at - start;
  };
  const bool negative = peek() == '-';
  at += negative ? 1 : 0;
  const bool leading_zero = peek() == '0';
  const std::size_t whole = digits(true);
  if (whole == 0 || (leading_zero && whole > 1)) {
    return false;
  }
  std::int64_t exponent = 0;
  if (peek() == '.') {
    ++at;
    const std::size_t fraction = digits(true);
    if (fraction == 0) {
      return false;
    }
    exponent -= static_cast<std::int64_t>(fraction);
  }
  if (peek() == 'e' || peek() == 'E') {
    ++at;
    const bool minus = peek() == '-';
    at += minus || peek() == '+' ? 1 : 0;
    const std::size_t start = at;
    if (digits(false) == 0) {
      return false;
    }
    std::int64_t written = 0;
    for (const char c : text.substr(start, at - start)) {
      written = std::min(written * 10 + (c - '0'), kExponentClamp);
    }
    exponent += minus ? -written : written;
  }
  if (at != text.size()) {
    return false;
  }
  if (out != nullptr) {
    out->negative = negative;
    out->exponent = exponent;
  }
  return true;
}

std::unexpected<Error> NotADecimal() {
  return Fail(ErrorCode::kInvalid, "not a decimal number");
}
std::unexpected<Error> DoesNotFit() {
  return Fail(ErrorCode::kTooLarge, "a decimal number has too many digits");
}

std::string PlainText(const ScaledText& value) {
  std::string digits = value.digits.empty() ? "0" : value.digits;
  std::string text = value.negative && !value.digits.empty() ? "-" : "";
  const auto length = static_cast<std::int64_t>(digits.size());
  if (value.exponent > kPlainZerosMax || value.exponent < -(length + kPlainZerosMax)) {
    fmt::format_to(std::back_inserter(text), "{}E{}", digits, value.exponent);
    return text;
  }
  if (value.exponent >= 0) {
    return text + digits + std::string(static_cast<std::size_t>(value.exponent), '0');
  }
  const auto places = static_cast<std::size_t>(-value.exponent);
  if (digits.size() <= places) {
    digits.insert(0, places + 1 - digits.size(), '0');
  }
  digits.insert(digits.size() - places, 1, '.');
  return text + digits;
}

/// One less, for a digit string above zero; without leading zeros.
std::string Decremented(std::string digits) {
  for (std::size_t i = digits.size(); i-- > 0;) {
    if (digits[i] != '0') {
      --digits[i];
      break;
    }
    digits[i] = '9';
  }
  if (digits.front() == '0') {
    digits.erase(0, 1);
  }
  return digits;
}

std::strong_ordering CompareMagnitudes(const ScaledText& left, const ScaledText& right) {
  if (left.digits.empty() || right.digits.empty()) {
    return left.digits.empty() ? (right.digits.empty() ? std::strong_ordering::equal : std::strong_ordering::less)
                               : std::strong_ordering::greater;
  }
  const auto left_top = static_cast<std::int64_t>(left.digits.size()) + left.exponent;
  const auto right_top = static_cast<std::int64_t>(right.digits.size()) + right.exponent;
  if (left_top != right_top) {
    return left_top <=> right_top;
  }
  for (std::size_t i = 0; i < std::max(left.digits.size(), right.digits.size()); ++i) {
    const char a = i < left.digits.size() ? left.digits[i] : '0';
    const char b = i < right.digits.size() ? right.digits[i] : '0';
    if (a != b) {
      return a <=> b;
    }
  }
  return std::strong_ordering::equal;
}

bool FitsMantissa(Int128 value) {
  return value <= kMantissaMax && value >= -kMantissaMax;
}

/// value × 10^power; false when it does not fit.
bool ScaleUp(Int128 value, int power, Int128& out) {
  return power >= 0 && power < static_cast<int>(kPowersOfTen.size()) &&
         !__builtin_mul_overflow(value, kPowersOfTen[static_cast<std::size_t>(power)], &out) && FitsMantissa(out);
}

}  // namespace

bool IsDecimal(std::string_view text) {
  return Scan(text, nullptr);
}

Result<DecimalRange> ImplicitRange(std::string_view text) {
  ScaledText value;
  if (!Scan(text, &value)) {
    return NotADecimal();
  }
  if (value.exponent > kExponentMax || value.exponent < -kExponentMax) {
    return Fail(ErrorCode::kInvalid, "a decimal number's exponent is out of range");
  }
  // With one more digit the value ends in 0, so adding half a unit writes a 5 there, and taking it away a 5 below the
  // next smaller number.
  const ScaledText outer{value.negative, value.digits + "5", value.exponent - 1};
  if (value.digits.empty()) {
    return DecimalRange{PlainText({true, "5", value.exponent - 1}), PlainText({false, "5", value.exponent - 1})};
  }
  const ScaledText inner{value.negative, Decremented(value.digits) + "5", value.exponent - 1};
  return value.negative ? DecimalRange{PlainText(outer), PlainText(inner)}
                        : DecimalRange{PlainText(inner), PlainText(outer)};
}

Result<std::strong_ordering> CompareDecimals(std::string_view left, std::string_view right) {
  ScaledText a;
  ScaledText b;
  if (!Scan(left, &a) || !Scan(right, &b)) {
    return NotADecimal();
  }
  const bool a_negative = a.negative && !a.digits.empty();
  const bool b_negative = b.negative && !b.digits.empty();
  if (a_negative != b_negative) {
    return a_negative ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  return a_negative ? CompareMagnitudes(b, a) : CompareMagnitudes(a, b);
}

Result<Decimal> Decimal::Parse(std::string_view text) {
  ScaledText value;
  if (!Scan(text, &value)) {
    return NotADecimal();
  }
  if (value.digits.size() > kPlacesMax || value.exponent < -kPlacesMax ||
      (value.exponent > kPlacesMax && !value.digits.empty())) {
    return DoesNotFit();
  }
  Int128 mantissa = 0;
  for (const char c : value.digits) {
    mantissa = mantissa * 10 + (c - '0');
  }
  if (value.exponent > 0 && mantissa != 0 && !ScaleUp(mantissa, static_cast<int>(value.exponent), mantissa)) {
    return DoesNotFit();
  }
  return Decimal(value.negative ? -mantissa : mantissa, value.exponent < 0 ? static_cast<int>(-value.exponent) : 0);
}

std::string Decimal::ToString() const {
  ScaledText value{IsNegative(), {}, -places_};
  for (Int128 rest = IsNegative() ? -mantissa_ : mantissa_; rest != 0; rest /= 10) {
    value.digits += static_cast<char>('0' + static_cast<int>(rest % 10));
  }
  std::reverse(value.digits.begin(), value.digits.end());
  return PlainText(value);
}

Result<Decimal> Decimal::Add(const Decimal& other) const {
  const int places = std::max(places_, other.places_);
  Int128 a = 0;
  Int128 b = 0;
  Int128 sum = 0;
  if (!ScaleUp(mantissa_, places - places_, a) || !ScaleUp(other.mantissa_, places - other.places_, b) ||
      __builtin_add_overflow(a, b, &sum) || !FitsMantissa(sum)) {
    return DoesNotFit();
  }
  return Decimal(sum, places);
}

Result<Decimal> Decimal::Subtract(const Decimal& other) const {
  return Add(other.Negated());
}

Result<Decimal> Decimal::Multiply(const Decimal& other) const {
  Int128 product = 0;
  const int places = places_ + other.places_;
  if (places > kPlacesMax || __builtin_mul_overflow(mantissa_, other.mantissa_, &product) || !FitsMantissa(product)) {
    return DoesNotFit();
  }
  return Decimal(product, places);
}

Result<Decimal> Decimal::Rounded(int places) const {
  if (places < 0 || places > kPlacesMax) {
    return DoesNotFit();
  }
  if (places >= places_) {
    Int128 filled = 0;
    if (!ScaleUp(mantissa_, places - places_, filled)) {
      return DoesNotFit();
    }
    return Decimal(filled, places);
  }
  const Int128 unit = kPowersOfTen[static_cast<std::size_t>(places_ - places)];
  Int128 quotient = mantissa_ / unit;
  const Int128 rest = mantissa_ % unit;
  const Int128 magnitude = rest < 0 ? -rest : rest;
  if (magnitude >= unit - magnitude) {
    quotient += mantissa_ < 0 ? -1 : 1;
  }
  return Decimal(quotient, places);
}

std::strong_ordering operator<=>(const Decimal& left, const Decimal& right) {
  const int places = std::max(left.places_, right.places_);
  Int128 a = 0;
  Int128 b = 0;
  // Only the side with fewer places is scaled, so when scaling fails that side has the larger magnitude.
  if (!ScaleUp(left.mantissa_, places - left.places_, a)) {
    return left.IsNegative() ? std::strong_ordering::less : std::strong_ordering::greater;
  }
  if (!ScaleUp(right.mantissa_, places - right.places_, b)) {
    return right.IsNegative() ? std::strong_ordering::greater : std::strong_ordering::less;
  }
  return a < b ? std::strong_ordering::less : (b < a ? std::strong_ordering::greater : std::strong_ordering::equal);
}

}  // namespace fhir
