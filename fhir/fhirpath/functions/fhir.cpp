// The functions that FHIR adds. Source: https://hl7.org/fhir/R4/fhirpath.html#functions
// Those that ask the host are in host.cpp.
#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"
#include "fhir/fhirpath/reference_resolver.hpp"

namespace fhir::fhirpath {
namespace {

bool ResolveFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  for (const Item& item : call.input) {
    if (!ResolveReference(evaluator, item, out)) return false;
  }
  return true;
}

bool ExtensionFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  std::optional<std::string_view> url;
  if (!evaluator.StringArgument(call.arguments[0], call.frame, url)) return false;
  if (!url) return true;
  for (const Item& item : call.input) {
    if (!item.IsNode()) continue;
    for (const model::Node& child : item.node->children()) {
      if (child.name == "extension" && child.ChildValue("url") == *url && !evaluator.Add(out, Item::Of(child)))
        return false;
    }
  }
  return true;
}

/// Not in the specification, but one search parameter of R4 (QuestionnaireResponse item-subject) is written with it.
bool HasExtensionFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  Collection found;
  return ExtensionFunction(evaluator, call, found) && evaluator.Add(out, Item::Boolean(!found.empty()));
}

bool HasValueFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  const bool has = call.input.size() == 1 && (!call.input.front().IsNode() || call.input.front().node->HasValue());
  return evaluator.Add(out, Item::Boolean(has));
}

bool GetValueFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  if (call.input.size() != 1) return true;
  const Item value = evaluator.ToValue(call.input.front());
  return value.IsNode() || evaluator.Add(out, value);
}

constexpr FunctionRow kFhir[] = {
    {"resolve", 0, 0, ResolveFunction},
    {"extension", 1, 1, ExtensionFunction, Answer::kExtension},
    {"hasExtension", 1, 1, HasExtensionFunction, Answer::kBoolean},
    {"hasValue", 0, 0, HasValueFunction, Answer::kBoolean},
    {"getValue", 0, 0, GetValueFunction, Answer::kInput},
};

}  // namespace

std::span<const FunctionRow> FhirFunctions() {
  return kFhir;
}

}  // namespace fhir::fhirpath
