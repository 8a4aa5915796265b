// Source: http://hl7.org/fhirpath/N1/#subsetting
#include <algorithm>

#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/value.hpp"

namespace fhir::fhirpath {
namespace {

/// Items [first, last) of the input.
bool AddSlice(Evaluator& evaluator, const Call& call, std::int64_t first, std::int64_t last, Collection& out) {
  const auto size = static_cast<std::int64_t>(call.input.size());
  for (std::int64_t i = std::max<std::int64_t>(first, 0); i < std::min(last, size); ++i) {
    if (!evaluator.Add(out, call.input[static_cast<std::size_t>(i)])) return false;
  }
  return true;
}

bool SingleFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  if (call.input.size() > 1) return evaluator.FailWith("single() found several items");
  return AddSlice(evaluator, call, 0, 1, out);
}

bool FirstFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return AddSlice(evaluator, call, 0, 1, out);
}

bool LastFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  const auto size = static_cast<std::int64_t>(call.input.size());
  return AddSlice(evaluator, call, size - 1, size, out);
}

bool TailFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return AddSlice(evaluator, call, 1, INT64_MAX, out);
}

bool SkipFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::int64_t> count;
  if (!evaluator.IntegerArgument(call.arguments[0], call.frame, count)) return false;
  return !count || AddSlice(evaluator, call, *count, INT64_MAX, out);
}

bool TakeFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::int64_t> count;
  if (!evaluator.IntegerArgument(call.arguments[0], call.frame, count)) return false;
  return !count || AddSlice(evaluator, call, 0, *count, out);
}

bool KeepIfIncluded(Evaluator& evaluator, const Call& call, bool included, bool distinct, Collection& out) {
  Collection other;
  if (!evaluator.Evaluate(call.arguments[0], call.frame, other)) return false;
  for (const Item& item : call.input) {
    if (!evaluator.Spend(other.size() + 1)) return false;
    if (Includes(evaluator, other, item) != included || (distinct && Includes(evaluator, out, item))) continue;
    if (!evaluator.Add(out, item)) return false;
  }
  return true;
}

bool IntersectFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return KeepIfIncluded(evaluator, call, true, true, out);
}

bool ExcludeFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return KeepIfIncluded(evaluator, call, false, false, out);
}

constexpr FunctionRow kSubsetting[] = {
    {"single", 0, 0, SingleFunction, Answer::kInput},
    {"first", 0, 0, FirstFunction, Answer::kInput, Input::kOrdered},
    {"last", 0, 0, LastFunction, Answer::kInput, Input::kOrdered},
    {"tail", 0, 0, TailFunction, Answer::kInput, Input::kOrdered},
    {"skip", 1, 1, SkipFunction, Answer::kInput, Input::kOrdered},
    {"take", 1, 1, TakeFunction, Answer::kInput, Input::kOrdered},
    {"intersect", 1, 1, IntersectFunction, Answer::kInput},
    {"exclude", 1, 1, ExcludeFunction, Answer::kInput},
};

}  // namespace

std::span<const FunctionRow> SubsettingFunctions() {
  return kSubsetting;
}

}  // namespace fhir::fhirpath
