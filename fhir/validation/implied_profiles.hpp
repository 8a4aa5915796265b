// Profiles that a resource must conform to because of its content, whether it declares them or not.
// Source: https://hl7.org/fhir/R4/observation-vitalsigns.html
#pragma once

#include <string_view>
#include <vector>

#include "fhir/model/document.hpp"

namespace fhir::validation {

/// Canonicals of the vital signs profiles whose code the resource carries. Cost: a look at the type for most resources.
std::vector<std::string_view> ImpliedProfilesOf(const model::Node& resource);

}  // namespace fhir::validation
