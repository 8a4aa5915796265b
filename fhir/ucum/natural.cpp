#include "fhir/ucum/natural.hpp"

#include <bit>

namespace fhir::ucum {
namespace {

__extension__ typedef unsigned __int128 Wide;

constexpr std::uint64_t kTenTo19 = 10'000'000'000'000'000'000U;

}  // namespace

int Natural::DigitsAtMost() const {
  if (size_ == 0) {
    return 1;
  }
  const auto bits = static_cast<long>(64 * size_) - std::countl_zero(limbs_[size_ - 1]);
  return static_cast<int>(bits * 30103 / 100000) + 1;  // log10(2) = 0.30103
}

bool Natural::Multiply(const Natural& other) {
  if (other.IsOne()) {
    return true;
  }
  if (IsOne()) {
    *this = other;
    return true;
  }
  if (other.size_ == 1) {
    return MultiplyAdd(other.limbs_[0], 0);
  }
  if (IsZero() || other.IsZero()) {
    size_ = 0;
    return true;
  }
  if (size_ + other.size_ > kLimbsMax + 1) {
    return false;
  }
  std::array<std::uint64_t, kLimbsMax + 1> product{};
  for (std::size_t i = 0; i < size_; ++i) {
    std::uint64_t carry = 0;
    for (std::size_t j = 0; j < other.size_; ++j) {
      const Wide sum = static_cast<Wide>(limbs_[i]) * other.limbs_[j] + product[i + j] + carry;
      product[i + j] = static_cast<std::uint64_t>(sum);
      carry = static_cast<std::uint64_t>(sum >> 64);
    }
    product[i + other.size_] = carry;
  }
  size_ += other.size_;
  if (size_ > kLimbsMax) {
    if (product[kLimbsMax] != 0) {
      return false;
    }
    size_ = kLimbsMax;
  }
  std::copy_n(product.begin(), size_, limbs_.begin());
  Trim();
  return true;
}

bool Natural::MultiplyAdd(std::uint64_t factor, std::uint64_t summand) {
  std::uint64_t carry = summand;
  for (std::size_t i = 0; i < size_; ++i) {
    const Wide sum = static_cast<Wide>(limbs_[i]) * factor + carry;
    limbs_[i] = static_cast<std::uint64_t>(sum);
    carry = static_cast<std::uint64_t>(sum >> 64);
  }
  if (carry != 0) {
    if (size_ == kLimbsMax) {
      return false;
    }
    limbs_[size_++] = carry;
  }
  Trim();
  return true;
}

bool Natural::MultiplyByPowerOfTen(std::int64_t exponent) {
  if (IsZero()) {
    return true;
  }
  if (exponent > static_cast<std::int64_t>(kLimbsMax) * 20) {
    return false;
  }
  for (; exponent >= 19; exponent -= 19) {
    if (!MultiplyAdd(kTenTo19, 0)) {
      return false;
    }
  }
  std::uint64_t rest = 1;
  for (; exponent > 0; --exponent) {
    rest *= 10;
  }
  return MultiplyAdd(rest, 0);
}

bool Natural::Add(const Natural& other) {
  std::uint64_t carry = 0;
  const std::size_t size = std::max(size_, other.size_);
  for (std::size_t i = 0; i < size; ++i) {
    const Wide sum = static_cast<Wide>(i < size_ ? limbs_[i] : 0) + (i < other.size_ ? other.limbs_[i] : 0) + carry;
    limbs_[i] = static_cast<std::uint64_t>(sum);
    carry = static_cast<std::uint64_t>(sum >> 64);
  }
  size_ = size;
  if (carry != 0) {
    if (size_ == kLimbsMax) {
      return false;
    }
    limbs_[size_++] = carry;
  }
  return true;
}

void Natural::Subtract(const Natural& other) {
  std::uint64_t borrow = 0;
  for (std::size_t i = 0; i < size_; ++i) {
    const Wide taken = static_cast<Wide>(i < other.size_ ? other.limbs_[i] : 0) + borrow;
    borrow = taken > limbs_[i] ? 1 : 0;
    limbs_[i] -= static_cast<std::uint64_t>(taken);
  }
  Trim();
}

std::uint64_t Natural::Divide(std::uint64_t divisor) {
  std::uint64_t rest = 0;
  for (std::size_t i = size_; i-- > 0;) {
    const Wide part = static_cast<Wide>(rest) << 64 | limbs_[i];
    limbs_[i] = static_cast<std::uint64_t>(part / divisor);
    rest = static_cast<std::uint64_t>(part % divisor);
  }
  Trim();
  return rest;
}

std::string Natural::ToString() const {
  std::string digits;
  Natural rest = *this;
  while (!rest.IsZero()) {
    std::uint64_t part = rest.Divide(kTenTo19);
    for (int i = 0; i < 19 && (part != 0 || !rest.IsZero()); ++i) {
      digits += static_cast<char>('0' + part % 10);
      part /= 10;
    }
  }
  if (digits.empty()) {
    return "0";
  }
  std::reverse(digits.begin(), digits.end());
  return digits;
}

long double Natural::ToLongDouble() const {
  long double value = 0;
  for (std::size_t i = size_; i-- > 0;) {
    value = value * 0x1p64L + static_cast<long double>(limbs_[i]);
  }
  return value;
}

std::strong_ordering operator<=>(const Natural& left, const Natural& right) {
  if (left.size_ != right.size_) {
    return left.size_ <=> right.size_;
  }
  for (std::size_t i = left.size_; i-- > 0;) {
    if (left.limbs_[i] != right.limbs_[i]) {
      return left.limbs_[i] <=> right.limbs_[i];
    }
  }
  return std::strong_ordering::equal;
}

}  // namespace fhir::ucum
