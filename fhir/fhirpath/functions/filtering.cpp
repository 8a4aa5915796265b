// Source: http://hl7.org/fhirpath/N1/#filtering-and-projection
#include "fhir/fhirpath/functions/iterate.hpp"
#include "fhir/fhirpath/value.hpp"

namespace fhir::fhirpath {
namespace {

bool WhereFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  bool good = true;
  return ForEachCriterion(evaluator, call,
                          [&](const Item& item, std::optional<bool> criterion) {
                            if (criterion == true) good = evaluator.Add(out, item);
                            return good;
                          }) &&
         good;
}

bool SelectFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::int64_t index = 0;
  for (const Item& item : call.input) {
    const Frame frame{.this_item = &item, .index = index++, .total = call.frame.total};
    if (!evaluator.Evaluate(call.arguments[0], frame, out)) return false;
  }
  return true;
}

bool RepeatFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  Collection found;
  const auto round = [&](const Item& item) {
    Collection next;
    const Frame frame{.this_item = &item, .index = 0, .total = call.frame.total};
    if (!evaluator.Evaluate(call.arguments[0], frame, next)) return false;
    for (const Item& candidate : next) {
      if (!evaluator.Spend(found.size() + 1)) return false;
      if (!Includes(evaluator, found, candidate) && !evaluator.Add(found, candidate)) return false;
    }
    return true;
  };
  for (const Item& item : call.input) {
    if (!round(item)) return false;
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    const Item item = found[i];  // a copy: `found` grows
    if (!round(item)) return false;
  }
  out.Append(found);
  return true;
}

bool OfTypeFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  const TypeSpec& spec = evaluator.node(call.arguments[0]).type_spec;
  for (const Item& item : call.input) {
    if (evaluator.IsExactly(item, spec) && !evaluator.Add(out, item)) return false;
  }
  return true;
}

constexpr FunctionRow kFiltering[] = {
    {"where", 1, 1, WhereFunction, Answer::kInput, Input::kAny, Scope::kEachItem},
    {"select", 1, 1, SelectFunction, Answer::kArgument, Input::kAny, Scope::kEachItem},
    {"repeat", 1, 1, RepeatFunction, Answer::kUnknown, Input::kAny, Scope::kEachItem},
    {"ofType", 1, 1, OfTypeFunction, Answer::kNamedType, Input::kAny, Scope::kOuter, true},
};

}  // namespace

std::span<const FunctionRow> FilteringFunctions() {
  return kFiltering;
}

}  // namespace fhir::fhirpath
