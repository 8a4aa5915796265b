// Source: http://hl7.org/fhirpath/N1/#combining; aggregate() from the chapter on aggregates.
#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/operators.hpp"

namespace fhir::fhirpath {
namespace {

bool UnionFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  Collection other;
  return evaluator.Evaluate(call.arguments[0], call.frame, other) && Union(evaluator, call.input, other, out);
}

bool CombineFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  Collection other;
  if (!evaluator.Evaluate(call.arguments[0], call.frame, other)) return false;
  for (const Collection* const side : {&call.input, static_cast<const Collection*>(&other)}) {
    for (const Item& item : *side) {
      if (!evaluator.Add(out, item)) return false;
    }
  }
  return true;
}

bool AggregateFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  Collection total;
  if (call.arguments.size() > 1 && !evaluator.Evaluate(call.arguments[1], call.frame, total)) return false;
  std::int64_t index = 0;
  for (const Item& item : call.input) {
    const Frame frame{.this_item = &item, .index = index++, .total = &total};
    Collection next;
    if (!evaluator.Evaluate(call.arguments[0], frame, next)) return false;
    total = std::move(next);
  }
  out.Append(total);
  return true;
}

constexpr FunctionRow kCombining[] = {
    {"union", 1, 1, UnionFunction, Answer::kInputAndFirst},
    {"combine", 1, 1, CombineFunction, Answer::kInputAndFirst},
    {"aggregate", 1, 2, AggregateFunction, Answer::kUnknown, Input::kAny, Scope::kEachItem}};

}  // namespace

std::span<const FunctionRow> CombiningFunctions() {
  return kCombining;
}

}  // namespace fhir::fhirpath
