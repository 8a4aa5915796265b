#include "fhir/validation/identifiers/check_digits.hpp"

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>

namespace fhir::validation {
namespace {

constexpr std::string_view kPostOfficeSiren = "356000000";
constexpr std::size_t kNirLength = 15;
constexpr std::size_t kNirDepartment = 5;  // two characters; 2A and 2B are Corsica

bool IsNumberDigit(char c) {
  return c >= '0' && c <= '9';
}

/// The value of a character, or -1.
int DigitOf(char c) {
  if (c == 'A' || c == 'B') {
    return c - 'A' + 1;
  }
  return IsNumberDigit(c) ? c - '0' : -1;
}

/// Sum of digits from the right, every second one through `weighted`; nothing when one is no digit.
template <typename Weighted>
std::optional<int> WeightedSum(std::string_view number, Weighted weighted) {
  int sum = 0;
  for (std::size_t i = 0; i < number.size(); ++i) {
    const int digit = DigitOf(number[number.size() - 1 - i]);
    if (digit < 0) {
      return std::nullopt;
    }
    sum += i % 2 == 1 ? weighted(digit) : digit;
  }
  return sum;
}

}  // namespace

bool LuhnHolds(std::string_view number) {
  const auto sum = WeightedSum(number, [](int digit) { return digit < 5 ? 2 * digit : 2 * digit - 9; });
  return sum && !number.empty() && *sum % 10 == 0;
}

bool Ean13Holds(std::string_view number) {
  const auto sum = WeightedSum(number, [](int digit) { return 3 * digit; });
  return sum && number.size() == 13 && *sum % 10 == 0;
}

bool NirKeyHolds(std::string_view number) {
  if (number.size() != kNirLength) {
    return false;
  }
  std::int64_t value = 0;
  for (std::size_t i = 0; i < kNirLength - 2; ++i) {
    char c = number[i];
    const bool corsica = i == kNirDepartment + 1 && number[i - 1] == '2' && (c == 'A' || c == 'B');
    if (corsica) {
      // The department is 19 or 18: the digit before becomes a 1.
      value -= 1;
      c = c == 'A' ? '9' : '8';
    }
    if (!IsNumberDigit(c)) {
      return false;
    }
    value = value * 10 + (c - '0');
  }
  if (!IsNumberDigit(number[13]) || !IsNumberDigit(number[14])) {
    return false;
  }
  return 97 - value % 97 == (number[13] - '0') * 10 + (number[14] - '0');
}

bool SiretHolds(std::string_view number) {
  if (LuhnHolds(number)) {
    return true;
  }
  const int sum =
      std::accumulate(number.begin(), number.end(), 0, [](int total, char c) { return total + DigitOf(c); });
  return number.starts_with(kPostOfficeSiren) && sum % 5 == 0;
}

}  // namespace fhir::validation
