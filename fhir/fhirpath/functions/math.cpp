// Source: http://hl7.org/fhirpath/N1/#math
#include <cmath>
#include <optional>

#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/number.hpp"
#include "fhir/fhirpath/value.hpp"

namespace fhir::fhirpath {
namespace {

bool AddDecimal(Evaluator& evaluator, const std::optional<Number>& number, Collection& out) {
  return !number || evaluator.Add(out, Item::Text(ItemKind::kDecimal, evaluator.Intern(number->ToString())));
}

bool AddWhole(Evaluator& evaluator, const Number& number, Collection& out) {
  const std::optional<std::int32_t> integer = number.ToSystemInteger();
  return !integer || evaluator.Add(out, Item::Integer(*integer));
}

/// The input as a number; nothing when empty. False for an input that is no number.
bool InputNumber(Evaluator& evaluator, const Call& call, std::optional<Item>& item, std::optional<Number>& number) {
  if (!evaluator.SingleOf(call.input, item)) return false;
  number = item ? NumberOf(*item) : std::nullopt;
  if (item && !number) return evaluator.FailWith("a number is expected as input");
  return true;
}

bool AbsFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> item;
  std::optional<Number> number;
  if (!InputNumber(evaluator, call, item, number)) return false;
  if (!number) return true;
  const Number result = number->IsNegative() ? number->Negated() : *number;
  if (item->kind == ItemKind::kInteger) return AddWhole(evaluator, result, out);
  return evaluator.Add(out, Item::Text(item->kind, evaluator.Intern(result.ToString()), item->unit));
}

template <Number::Rounding rounding>
bool RoundToWhole(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> item;
  std::optional<Number> number;
  if (!InputNumber(evaluator, call, item, number)) return false;
  return !number || AddWhole(evaluator, number->Rounded(0, rounding), out);
}

bool RoundFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> item;
  std::optional<Number> number;
  if (!InputNumber(evaluator, call, item, number)) return false;
  std::optional<std::int64_t> places = 0;
  if (!call.arguments.empty() && !evaluator.IntegerArgument(call.arguments[0], call.frame, places)) return false;
  if (!number || !places) return true;
  if (*places < 0 || *places > 28) return evaluator.FailWith("round() takes 0 to 28 places");
  return AddDecimal(evaluator, number->Rounded(static_cast<int>(*places), Number::Rounding::kHalfAwayFromZero), out);
}

template <double (*function)(double)>
bool RealFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> item;
  std::optional<Number> number;
  if (!InputNumber(evaluator, call, item, number)) return false;
  return !number || AddDecimal(evaluator, Number::FromDouble(function(number->ToDouble())), out);
}

double ExpOf(double value) {
  return std::exp(value);
}
double LnOf(double value) {
  return std::log(value);
}
double SqrtOf(double value) {
  return std::sqrt(value);
}

bool LogFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> item;
  std::optional<Number> number;
  std::optional<Item> base;
  if (!InputNumber(evaluator, call, item, number) || !evaluator.Single(call.arguments[0], call.frame, base))
    return false;
  const std::optional<Number> base_number = base ? NumberOf(*base) : std::nullopt;
  if (!number || !base_number) return true;
  return AddDecimal(evaluator, Number::FromDouble(std::log(number->ToDouble()) / std::log(base_number->ToDouble())),
                    out);
}

bool PowerFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<Item> item;
  std::optional<Number> number;
  std::optional<Item> exponent;
  if (!InputNumber(evaluator, call, item, number) || !evaluator.Single(call.arguments[0], call.frame, exponent)) {
    return false;
  }
  const std::optional<Number> exponent_number = exponent ? NumberOf(*exponent) : std::nullopt;
  if (!number || !exponent_number) return true;
  const std::optional<Number> result = Number::FromDouble(std::pow(number->ToDouble(), exponent_number->ToDouble()));
  if (result && item->kind == ItemKind::kInteger && exponent->kind == ItemKind::kInteger &&
      !exponent_number->IsNegative()) {
    return AddWhole(evaluator, *result, out);
  }
  return AddDecimal(evaluator, result, out);
}

constexpr FunctionRow kMath[] = {
    {"abs", 0, 0, AbsFunction, Answer::kInput, Input::kNumber},
    {"ceiling", 0, 0, RoundToWhole<Number::Rounding::kCeiling>, Answer::kInteger, Input::kNumber},
    {"exp", 0, 0, RealFunction<ExpOf>, Answer::kDecimal, Input::kNumber},
    {"floor", 0, 0, RoundToWhole<Number::Rounding::kFloor>, Answer::kInteger, Input::kNumber},
    {"ln", 0, 0, RealFunction<LnOf>, Answer::kDecimal, Input::kNumber},
    {"log", 1, 1, LogFunction, Answer::kDecimal, Input::kNumber},
    {"power", 1, 1, PowerFunction, Answer::kDecimal, Input::kNumber},
    {"round", 0, 1, RoundFunction, Answer::kDecimal, Input::kNumber},
    {"sqrt", 0, 0, RealFunction<SqrtOf>, Answer::kDecimal, Input::kNumber},
    {"truncate", 0, 0, RoundToWhole<Number::Rounding::kTruncate>, Answer::kInteger, Input::kNumber},
};

}  // namespace

std::span<const FunctionRow> MathFunctions() {
  return kMath;
}

}  // namespace fhir::fhirpath
