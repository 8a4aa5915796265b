// Amounts of money as whole cents: additions are exact, and the one rounding (a percentage) is stated.
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace adapters::insurer {

struct Money {
  std::int64_t cents = 0;

  auto operator<=>(const Money&) const = default;
  Money operator+(Money other) const { return {cents + other.cents}; }
  Money operator-(Money other) const { return {cents - other.cents}; }

  /// `percent` of the amount, rounded half up to the cent.
  Money Percent(int percent) const;
  /// "25.00": always two decimals.
  std::string Text() const;
  /// Reads "25", "25.5", "25.00"; at most 12 digits before the point, no sign. Errors: kInvalid.
  static fhir::Result<Money> Parse(std::string_view text);
};

}  // namespace adapters::insurer
