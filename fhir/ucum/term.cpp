#include "fhir/ucum/term.hpp"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>

namespace fhir::ucum {

bool Dimensions::IsOne() const {
  return std::ranges::all_of(exponents, [](std::int32_t exponent) { return exponent == 0; });
}

void Term::Combine(const Term& other, bool divide) {
  if (special != nullptr || other.special != nullptr) {
    // A special unit may be counted in numbers ("10.Cel"), and stand in nothing else: its values do not add up to a
    // product (UCUM §21).
    const Term& number = special != nullptr ? other : *this;
    const bool scales = number.special == nullptr && number.dimensions.IsOne() && !(divide && other.special != nullptr);
    special_in_product = special_in_product || other.special_in_product || !scales;
    if (special == nullptr) {
      const Ratio factor = ratio;
      ratio = other.ratio;
      dimensions = other.dimensions;
      special = other.special;
      special_scale = other.special_scale;
      special_scale.Multiply(factor);
    } else if (divide) {
      special_scale.Divide(other.ratio);
    } else {
      special_scale.Multiply(other.ratio);
    }
    return;
  }
  if (divide) {
    ratio.Divide(other.ratio);
  } else {
    ratio.Multiply(other.ratio);
  }
  for (std::size_t i = 0; i < Dimensions::kBasesMax; ++i) {  // all of them: a constant count goes four at a time
    dimensions.exponents[i] += divide ? -other.dimensions.exponents[i] : other.dimensions.exponents[i];
  }
}

std::string BaseUnits(const Dimensions& dimensions) {
  std::string text;
  for (std::size_t i = 0; i < kTable.bases.size(); ++i) {
    const std::int32_t exponent = dimensions.exponents[i];
    if (exponent == 0) {
      continue;
    }
    if (!text.empty()) {
      text += '.';
    }
    text += kTable.Text(kTable.units[kTable.bases[i]].code);
    if (exponent != 1) {
      fmt::format_to(std::back_inserter(text), "{}", exponent);
    }
  }
  return text.empty() ? "1" : text;
}

}  // namespace fhir::ucum
