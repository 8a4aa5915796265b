// The line from a profile over its bases to the type it is on.
#pragma once

#include "fhir/base/error.hpp"
#include "fhir/model/document.hpp"
#include "fhir/packages/registry.hpp"

namespace fhir::validation {

inline constexpr std::size_t kProfilesOnTheWayMax = 32;

/// Follows baseDefinition through the loaded definitions, as far as these go.
/// Cost:   one look-up for each base, at most kProfilesOnTheWayMax of them.
/// Errors: kTooCostly for profiles that are based on each other, whose names it says, and past the limit.
Result<void> CheckBases(const model::Node& structure_definition, const packages::Registry& registry);

}  // namespace fhir::validation
