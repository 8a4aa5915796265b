// Writes one element of a resource as the JSON value that it has there.
#pragma once

#include <string>

#include "fhir/model/document.hpp"

namespace fhir::json {

/// Appends a string, number or boolean for a primitive, null for one without a value, and an object for the rest; a
/// resource inside another one says its resourceType first. Cost: O(bytes).
void AppendElement(std::string& out, const model::Node& element);

}  // namespace fhir::json
