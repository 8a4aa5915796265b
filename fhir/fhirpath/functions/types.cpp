// Source: http://hl7.org/fhirpath/N1/#types
#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"

namespace fhir::fhirpath {
namespace {

bool IsFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  if (call.input.empty()) return true;
  if (call.input.size() > 1) return evaluator.FailWith("one item expected, several found");
  const bool is = evaluator.IsOfType(call.input.front(), evaluator.node(call.arguments[0]).type_spec);
  return evaluator.Add(out, Item::Boolean(is));
}

bool AsFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  return evaluator.KeepAs(call.input, evaluator.node(call.arguments[0]).type_spec, out);
}

bool TypeFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  for (const Item& item : call.input) {
    std::string_view name = ItemTypeName(item, evaluator.definitions());
    const bool system = name.starts_with("System.");
    if (system) name.remove_prefix(7);
    if (!evaluator.Add(out, Item::Text(ItemKind::kTypeInfo, system ? "System" : "FHIR", name))) return false;
  }
  return true;
}

constexpr FunctionRow kTypes[] = {{"is", 1, 1, IsFunction, Answer::kBoolean, Input::kAny, Scope::kOuter, true},
                                  {"as", 1, 1, AsFunction, Answer::kNamedType, Input::kAny, Scope::kOuter, true},
                                  {"type", 0, 0, TypeFunction}};

}  // namespace

std::span<const FunctionRow> TypeFunctions() {
  return kTypes;
}

}  // namespace fhir::fhirpath
