// The place of a node, for issues.
#pragma once

#include <string>

#include "fhir/model/document.hpp"

namespace fhir::model {

/// FHIRPath of a node from its root: "Patient.name[0].given[1]", "Bundle.entry[3].resource.status"; a choice by its
/// base name: "Observation.value". Cost: O(depth × siblings), for error paths only.
std::string PathOf(const Node& node);

}  // namespace fhir::model
