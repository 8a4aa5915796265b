// The stable numbers of resource types in the database (schema/type_codes.inc), to and from the TypeIds of this build.
#pragma once

#include <cstdint>

#include "fhir/metadata/definitions.hpp"

namespace gateway::store {

/// Number of a resource type in the database; 0 for kNoType and for anything that is not an R4 resource type.
/// Cost: one array access.
std::int16_t TypeCode(fhir::metadata::TypeId type);

/// The type with that number; kNoType for a number that was never given.
fhir::metadata::TypeId TypeOfCode(std::int64_t code);

}  // namespace gateway::store
