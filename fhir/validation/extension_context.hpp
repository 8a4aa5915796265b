// Whether an element is what the context of an extension's definition names.
#pragma once

#include <string_view>

#include "fhir/model/document.hpp"

namespace fhir::validation {

/// Shape: expression is an element id without slices ("Patient.contact", "HumanName", "Element", "Resource",
///        "Observation.value[x]"), or such an id after "url#" of a profile, which is taken by its path alone.
/// Source: https://hl7.org/fhir/R4/defining-extensions.html#context
bool IsElementContext(const model::Node& place, std::string_view expression);

}  // namespace fhir::validation
