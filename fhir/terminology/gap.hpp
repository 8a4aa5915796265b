// Words for what is missing when a question has no answer.
#pragma once

#include <string>
#include <string_view>

#include "fhir/terminology/value_set.hpp"

namespace fhir::terminology {

/// "the code system http://loinc.org is not loaded", for messages.
std::string Describe(Gap gap, std::string_view missing);

}  // namespace fhir::terminology
