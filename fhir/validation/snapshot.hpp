// Makes the snapshot of a profile from its differential: the whole list of elements with their rules, as a validator
// reads it. Profiles made by hand, and some packages, publish the differential alone.
#pragma once

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"
#include "fhir/packages/registry.hpp"

namespace fhir::validation {

/// The StructureDefinition with a snapshot made from its base's snapshot and its own differential; one it already had
/// is replaced. A base or data type profile that has no snapshot gets one on the way.
/// Shape:  structure_definition is a StructureDefinition; the result is a copy of it with `snapshot`, ids as
///         https://hl7.org/fhir/R4/elementdefinition.html#id.
/// Cost:   O(elements of the snapshot); definitions on the way are looked up once. At most 20,000 elements, 64 levels
/// of
///         elements, 32 profiles on the way to the base.
/// Errors: kInvalid without baseDefinition or differential, kNotFound when the base is not loaded, kTooCostly past a
///         limit or when profiles are based on each other. Data problems go to `issues`: an element the base does not
///         have, a cardinality wider than the base's, a type the base does not allow; the rest is still made.
/// Source: https://hl7.org/fhir/R4/profiling.html
Result<model::Document> GenerateSnapshot(const model::Node& structure_definition, const packages::Registry& registry,
                                         IssueList& issues);

}  // namespace fhir::validation
