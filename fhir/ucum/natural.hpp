// Whole numbers of up to 1,536 bits without an allocation: what exact ratios of units need, and a bound on what an
// expression can make of them.
#pragma once

#include <algorithm>
#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace fhir::ucum {

/// A number of 24 limbs at most. Operations that could outgrow it answer false and leave their target undefined.
/// thread-compatible value.
class Natural {
 public:
  static constexpr std::size_t kLimbsMax = 24;

  Natural() = default;
  explicit Natural(std::uint64_t value) : size_(value == 0 ? 0 : 1) { limbs_[0] = value; }
  explicit Natural(std::span<const std::uint64_t> limbs) : size_(limbs.size()) {
    std::copy(limbs.begin(), limbs.end(), limbs_.begin());
  }
  Natural(const Natural& other) : size_(other.size_) { CopyLimbs(other); }
  Natural& operator=(const Natural& other) {
    size_ = other.size_;
    CopyLimbs(other);
    return *this;
  }

  bool IsZero() const { return size_ == 0; }
  bool IsOne() const { return size_ == 1 && limbs_[0] == 1; }
  /// Decimal digits it has, or one more.
  int DigitsAtMost() const;

  [[nodiscard]] bool Multiply(const Natural& other);
  [[nodiscard]] bool MultiplyAdd(std::uint64_t factor, std::uint64_t summand);
  [[nodiscard]] bool MultiplyByPowerOfTen(std::int64_t exponent);
  [[nodiscard]] bool Add(const Natural& other);
  /// `other` must not be larger.
  void Subtract(const Natural& other);
  /// Divides by `divisor`, which is not 0, and returns the rest.
  std::uint64_t Divide(std::uint64_t divisor);

  /// All decimal digits; "0" for zero.
  std::string ToString() const;
  long double ToLongDouble() const;

  friend std::strong_ordering operator<=>(const Natural& left, const Natural& right);
  friend bool operator==(const Natural& left, const Natural& right) { return (left <=> right) == 0; }

 private:
  void CopyLimbs(const Natural& other) {
    std::copy_n(other.limbs_.begin(), std::max<std::size_t>(other.size_, 1), limbs_.begin());
  }
  void Trim() {
    while (size_ > 0 && limbs_[size_ - 1] == 0) --size_;
  }
  std::size_t size_ = 0;                        // limbs in use; the highest of them is not 0
  std::array<std::uint64_t, kLimbsMax> limbs_;  // the lowest first; those past size_ are unset
};

}  // namespace fhir::ucum
