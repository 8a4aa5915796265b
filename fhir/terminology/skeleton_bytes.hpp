// The skeleton of a large code system as bytes, and back.
#pragma once

#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/terminology/code_system.hpp"

namespace fhir::terminology {

/// Twelve bytes a concept and four for each parent. The form stands in databases: it does not change.
std::string WriteSkeleton(const ConceptSkeleton& skeleton);

/// Errors: kInternal for bytes that are none; what they say is for CodeSystem::Large to check.
Result<ConceptSkeleton> ReadSkeleton(std::string_view bytes);

}  // namespace fhir::terminology
