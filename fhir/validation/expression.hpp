// The place of an element as the FHIRPath that issues name. Made only when something is wrong, so that checking a good
// resource keeps no path.
#pragma once

#include <string>

#include "fhir/model/document.hpp"

namespace fhir::validation {

/// "Patient.name[0].given[1]", "Observation.value.ofType(Quantity)", "Bundle.entry[3].resource.status".
/// Indexes stand on repeating elements alone. An element the definitions do not know is named as it was sent.
/// Cost: O(depth × siblings).
std::string ExpressionOf(const model::Node& node);

}  // namespace fhir::validation
