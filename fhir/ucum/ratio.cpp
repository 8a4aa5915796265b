#include "fhir/ucum/ratio.hpp"

#include <cmath>
#include <cstdlib>

#include <fmt/format.h>

#include "fhir/base/decimal.hpp"
#include "fhir/ucum/ucum.hpp"

namespace fhir::ucum {
namespace {

constexpr std::int64_t kTenExponentMax = 100'000;  // of any number on the way; results are far below
constexpr std::int64_t kPlainZerosMax = 40;        // longer runs of zeros are written with an exponent
constexpr int kApproximateDigits = 15;             // what survives a round trip through a logarithm

/// digits × 10^exponent without needless zeros. `digits` has no leading zero.
std::string PlainText(std::string digits, std::int64_t exponent, bool negative) {
  while (digits.size() > 1 && digits.back() == '0') {
    digits.pop_back();
    ++exponent;
  }
  if (digits == "0") {
    return digits;
  }
  const std::string sign = negative ? "-" : "";
  const auto length = static_cast<std::int64_t>(digits.size());
  if (exponent > kPlainZerosMax || exponent < -(length + kPlainZerosMax)) {
    return fmt::format("{}{}E{}", sign, digits, exponent);
  }
  if (exponent >= 0) {
    return sign + digits + std::string(static_cast<std::size_t>(exponent), '0');
  }
  const auto places = static_cast<std::size_t>(-exponent);
  if (digits.size() <= places) {
    digits.insert(0, places + 1 - digits.size(), '0');
  }
  digits.insert(digits.size() - places, 1, '.');
  return sign + digits;
}

/// Rounds a string of digits, half away from zero.
void RoundDigits(std::string& digits, std::size_t keep, std::int64_t& exponent) {
  if (digits.size() <= keep) {
    return;
  }
  const bool up = digits[keep] >= '5';
  exponent += static_cast<std::int64_t>(digits.size() - keep);
  digits.resize(keep);
  if (!up) {
    return;
  }
  for (std::size_t i = keep; i-- > 0;) {
    if (digits[i] != '9') {
      ++digits[i];
      return;
    }
    digits[i] = '0';
  }
  digits.insert(0, 1, '1');
}

}  // namespace

std::optional<Ratio> Ratio::Parse(std::string_view text) {
  if (!IsDecimal(text)) {
    return std::nullopt;
  }
  Ratio result(0);
  std::size_t digits = 0;
  std::int64_t exponent = 0;
  bool fraction = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '-') {
      result.negative_ = true;
    } else if (c == '.') {
      fraction = true;
    } else if (c == 'e' || c == 'E') {
      const bool minus = text[i + 1] == '-';
      std::int64_t written = 0;
      for (const char digit : text.substr(i + 1)) {
        if (digit >= '0' && digit <= '9') {
          written = std::min<std::int64_t>(written * 10 + (digit - '0'), kTenExponentMax);
        }
      }
      exponent += minus ? -written : written;
      break;
    } else {
      digits += c != '0' || digits > 0 ? 1U : 0U;
      if (digits > kValueDigitsMax || !result.numerator_.MultiplyAdd(10, static_cast<std::uint64_t>(c - '0'))) {
        return Invalid();
      }
      exponent -= fraction ? 1 : 0;
    }
  }
  result.negative_ = result.negative_ && !result.IsZero();
  result.exponent_ = result.IsZero() ? 0 : exponent;
  result.valid_ = std::abs(result.exponent_) < kTenExponentMax;
  return result;
}

Ratio Ratio::FromLongDouble(long double value) {
  if (!std::isfinite(value)) {
    return Invalid();
  }
  return Parse(fmt::format("{:.{}e}", value, kApproximateDigits - 1)).value_or(Invalid());
}

void Ratio::Multiply(const Ratio& other) {
  exponent_ += other.exponent_;
  valid_ = valid_ && other.valid_ && numerator_.Multiply(other.numerator_) &&
           denominator_.Multiply(other.denominator_) && std::abs(exponent_) < kTenExponentMax;
  negative_ = (negative_ != other.negative_) && !IsZero();
}

void Ratio::Divide(const Ratio& other) {
  Ratio inverse(other.denominator_, other.numerator_, -other.exponent_);
  inverse.negative_ = other.negative_;
  inverse.valid_ = other.valid_ && !other.IsZero();
  Multiply(inverse);
}

void Ratio::Raise(int power) {
  const Ratio base = *this;
  *this = Ratio(1);
  // Powers of ten stand in the exponent, so "10*-6" costs nothing; others are few and small.
  if (base.numerator_.IsOne() && base.denominator_.IsOne() && !base.negative_) {
    exponent_ = base.exponent_ * power;
    valid_ = base.valid_ && std::abs(exponent_) < kTenExponentMax;
    return;
  }
  for (int i = 0; i < std::abs(power) && valid_; ++i) {
    Multiply(base);
  }
  if (power < 0) {
    const Ratio positive = *this;
    *this = Ratio(1);
    Divide(positive);
  }
}

void Ratio::Add(const Ratio& other) {
  // a/b·10^x + c/d·10^y = (ad·10^(x-z) + cb·10^(y-z)) / bd · 10^z with z the smaller exponent.
  Ratio right = other;
  const std::int64_t low = std::min(exponent_, right.exponent_);
  valid_ = valid_ && right.valid_ && numerator_.Multiply(right.denominator_) &&
           right.numerator_.Multiply(denominator_) && denominator_.Multiply(right.denominator_) &&
           numerator_.MultiplyByPowerOfTen(exponent_ - low) &&
           right.numerator_.MultiplyByPowerOfTen(right.exponent_ - low);
  if (!valid_) {
    return;
  }
  exponent_ = low;
  if (negative_ == right.negative_) {
    valid_ = numerator_.Add(right.numerator_);
  } else if (numerator_ < right.numerator_) {
    right.numerator_.Subtract(numerator_);
    numerator_ = right.numerator_;
    negative_ = right.negative_;
  } else {
    numerator_.Subtract(right.numerator_);
  }
  negative_ = negative_ && !IsZero();
}

std::optional<std::strong_ordering> Ratio::Compare(const Ratio& left, const Ratio& right) {
  if (!left.valid_ || !right.valid_) {
    return std::nullopt;
  }
  if (left.negative_ != right.negative_ || left.IsZero() || right.IsZero()) {
    const auto sign = [](const Ratio& ratio) { return ratio.IsZero() ? 0 : ratio.negative_ ? -1 : 1; };
    return sign(left) <=> sign(right);
  }
  const std::int64_t low = std::min(left.exponent_, right.exponent_);
  const auto turned = [&](std::strong_ordering order) { return left.negative_ ? 0 <=> order : order; };
  // Far apart in size: no need of exact numbers, which could outgrow their bounds.
  const auto top = [](const Ratio& ratio) {
    return ratio.numerator_.DigitsAtMost() - ratio.denominator_.DigitsAtMost() + ratio.exponent_;
  };
  if (std::abs(top(left) - top(right)) > 3) {
    return turned(top(left) <=> top(right));
  }
  Natural a = left.numerator_;
  Natural b = right.numerator_;
  if (!a.Multiply(right.denominator_) || !b.Multiply(left.denominator_) ||
      !a.MultiplyByPowerOfTen(left.exponent_ - low) || !b.MultiplyByPowerOfTen(right.exponent_ - low)) {
    return std::nullopt;
  }
  return turned(a <=> b);
}

std::optional<std::string> Ratio::ToDecimal(int digits_max) const {
  if (!valid_) {
    return std::nullopt;
  }
  const auto keep = static_cast<std::size_t>(digits_max);
  std::int64_t exponent = exponent_;
  std::string digits;
  if (denominator_.IsOne()) {
    digits = numerator_.ToString();
  } else {
    // Long division, one digit more than wanted, after numerator and denominator have been brought to a size.
    Natural rest = numerator_;
    Natural divisor = denominator_;
    const int shift = denominator_.DigitsAtMost() - numerator_.DigitsAtMost();
    const bool fits = shift > 0 ? rest.MultiplyByPowerOfTen(shift) : divisor.MultiplyByPowerOfTen(-shift);
    exponent -= shift;
    if (!fits) {
      return std::nullopt;
    }
    // The first quotient may have up to three digits, the later ones have one each.
    std::uint64_t first = 0;
    for (; rest >= divisor; ++first) {
      rest.Subtract(divisor);
    }
    digits = first == 0 ? "" : std::to_string(first);
    while (!rest.IsZero() && digits.size() <= keep) {
      if (!rest.MultiplyAdd(10, 0)) {
        return std::nullopt;
      }
      --exponent;
      char digit = '0';
      for (; rest >= divisor; ++digit) {
        rest.Subtract(divisor);
      }
      if (digit != '0' || !digits.empty()) {
        digits += digit;
      }
    }
    if (digits.empty()) {
      digits = "0";
    }
  }
  RoundDigits(digits, keep, exponent);
  return PlainText(std::move(digits), exponent, negative_);
}

long double Ratio::ToLongDouble() const {
  // A power of ten beyond the type's range overflows to infinity or 0, which FromLongDouble and the callers refuse.
  const long double value =
      numerator_.ToLongDouble() / denominator_.ToLongDouble() * std::pow(10.0L, static_cast<long double>(exponent_));
  return negative_ ? -value : value;
}

}  // namespace fhir::ucum
