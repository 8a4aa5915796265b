// Source: http://hl7.org/fhirpath/N1/#tree-navigation
#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"

namespace fhir::fhirpath {
namespace {

bool ChildrenFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  for (const Item& item : call.input) {
    if (!item.IsNode()) continue;
    for (const model::Node& child : item.node->children()) {
      if (!evaluator.Add(out, Item::Of(child))) return false;
    }
  }
  return true;
}

/// Depth first, without recursion: trees may be as deep as the reader allows.
bool DescendantsFunction(Evaluator& evaluator, const Call& call, Collection& out) {
  for (const Item& item : call.input) {
    if (!item.IsNode()) continue;
    const model::Node* const top = item.node;
    const model::Node* at = top->first_child;
    while (at != nullptr) {
      if (!evaluator.Add(out, Item::Of(*at))) return false;
      if (at->first_child != nullptr) {
        at = at->first_child;
        continue;
      }
      while (at != top && at->next == nullptr) at = at->parent;
      at = at == top ? nullptr : at->next;
    }
  }
  return true;
}

constexpr FunctionRow kNavigation[] = {{"children", 0, 0, ChildrenFunction, Answer::kUnordered},
                                       {"descendants", 0, 0, DescendantsFunction, Answer::kUnordered}};

}  // namespace

std::span<const FunctionRow> NavigationFunctions() {
  return kNavigation;
}

}  // namespace fhir::fhirpath
