// The element a rule's `to:` names, made when it is not there and taken away again when it stays empty. Module-private.
#pragma once

#include "adapters/mapping/compiled_map.hpp"
#include "fhir/model/document.hpp"

namespace adapters::mapping {

inline bool IsEmptyNode(const fhir::model::Node& node) {
  return !node.HasValue() && node.first_child == nullptr;
}

/// Finds or makes the element below `base`.
fhir::model::Node& Reach(const Rule& rule, fhir::model::Document& document, fhir::model::Node& base);

/// Takes away an element that stayed empty, and the ancestors below `base` that were made for it.
void Prune(fhir::model::Document& document, fhir::model::Node& node, fhir::model::Node& base);

}  // namespace adapters::mapping
