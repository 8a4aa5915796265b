// Units on a scale of their own: temperatures with another zero, logarithms, slopes.
// Source: https://ucum.org/ucum#section-Special-Units-on-non-ratio-Scales
#include <cmath>
#include <numbers>

#include "fhir/ucum/term.hpp"

namespace fhir::ucum {
namespace {

/// Zero points in steps of the scale itself: 0 Cel is 273.15 steps above 0 K.
std::optional<Ratio> ZeroPoint(SpecialFunction function) {
  const auto hundredths = [](std::uint64_t value) { return Ratio(Natural(value), Natural(1), -2); };
  switch (function) {
    case SpecialFunction::kCelsius:
      return hundredths(273'15);
    case SpecialFunction::kFahrenheit:
      return hundredths(459'67);
    case SpecialFunction::kReaumur:
      return hundredths(218'52);
    default:
      return std::nullopt;
  }
}

/// x = base ^ (rate × value): the logarithmic functions.
struct Logarithm {
  long double base = 0;
  long double rate = 1;
};
std::optional<Logarithm> LogarithmOf(SpecialFunction function) {
  switch (function) {
    case SpecialFunction::kHomeopathicX:
    case SpecialFunction::kPh:
      return Logarithm{10, -1};
    case SpecialFunction::kHomeopathicC:
      return Logarithm{100, -1};
    case SpecialFunction::kHomeopathicM:
      return Logarithm{1000, -1};
    case SpecialFunction::kHomeopathicQ:
      return Logarithm{50'000, -1};
    case SpecialFunction::kNaturalLogarithm:
      return Logarithm{std::numbers::e_v<long double>, 1};
    case SpecialFunction::kLogarithm:
      return Logarithm{10, 1};
    case SpecialFunction::kLogarithmTimes2:
      return Logarithm{10, 0.5L};
    case SpecialFunction::kBinaryLogarithm:
      return Logarithm{2, 1};
    default:
      return std::nullopt;
  }
}

constexpr long double kDegreesPerRadian = 180 / std::numbers::pi_v<long double>;

/// The argument of the unit's function for a value on its scale.
long double Inverse(SpecialFunction function, long double value) {
  if (const auto logarithm = LogarithmOf(function)) {
    return std::pow(logarithm->base, logarithm->rate * value);
  }
  // The slope's argument is counted in degrees, the other's in radians.
  const long double angle = std::atan(value / 100);
  return function == SpecialFunction::kSlope ? angle * kDegreesPerRadian : angle;
}

long double Forward(SpecialFunction function, long double argument) {
  if (const auto logarithm = LogarithmOf(function)) {
    return std::log(argument) / std::log(logarithm->base) / logarithm->rate;
  }
  return 100 * std::tan(function == SpecialFunction::kSlope ? argument / kDegreesPerRadian : argument);
}

}  // namespace

Ratio ToBase(const Term& unit, const Ratio& value) {
  Ratio result = value;
  if (unit.special != nullptr) {
    const auto function = static_cast<SpecialFunction>(unit.special->function);
    result.Multiply(unit.special_scale);
    if (const auto zero = ZeroPoint(function)) {
      result.Add(*zero);
    } else if (function == SpecialFunction::kSquareRoot) {
      result.Multiply(result);
    } else if (result.IsValid()) {
      result = Ratio::FromLongDouble(Inverse(function, result.ToLongDouble()));
    }
  }
  result.Multiply(unit.ratio);
  return result;
}

Ratio FromBase(const Term& unit, const Ratio& base) {
  Ratio result = base;
  result.Divide(unit.ratio);
  if (unit.special != nullptr) {
    const auto function = static_cast<SpecialFunction>(unit.special->function);
    if (auto zero = ZeroPoint(function)) {
      zero->Negate();
      result.Add(*zero);
    } else if (result.IsValid()) {
      const long double argument = result.ToLongDouble();
      result = Ratio::FromLongDouble(function == SpecialFunction::kSquareRoot ? std::sqrt(argument)
                                                                              : Forward(function, argument));
    }
    result.Divide(unit.special_scale);
  }
  return result;
}

}  // namespace fhir::ucum
