// What one row of a StructureDefinition says of the types of its element, against the definitions of R4.
#pragma once

#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"
#include "fhir/validation/family.hpp"

namespace fhir::validation {

/// The type of the elements at a path, by the definitions of R4; kNoType for a choice and where the path leads through
/// one.
metadata::TypeId TypeAtPath(std::string_view path);

/// Profiles are profiles of the type beside them and targets are among those of the base, as far as they are loaded.
/// Source: https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.type
void CheckTypesOfRow(const model::Node& row, const FamilyContext& context, IssueList& issues);

}  // namespace fhir::validation
