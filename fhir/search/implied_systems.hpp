// Systems that tokens have without saying so: elements of type code take theirs from a required binding, booleans from
// the standard.
// Source: https://hl7.org/fhir/R4/search.html#token
#pragma once

#include <string_view>
#include <vector>

#include "fhir/metadata/definitions.hpp"

namespace fhir::search {

/// The system of true and false.
inline constexpr std::string_view kSpecialValuesSystem = "http://terminology.hl7.org/CodeSystem/special-values";

/// The systems implied by the elements that `expression` leads to by plain paths ("Observation.status"), sorted.
/// Cost: a walk of each path; once per query and parameter.
std::vector<std::string_view> ImpliedSystems(const metadata::Definitions& definitions, std::string_view expression);

}  // namespace fhir::search
