// The Classification Markup Language, in which ICD-10, CIM-10 and their like are published, versions 2 and 3.
// Source: EN ISO 13120
#pragma once

#include "fhir/concept_files/concept_file.hpp"

namespace fhir::concept_files {

/// As ReadConcepts. A Class is a concept; its preferred label is the display, its definition the definition, other
/// labels and Meta are properties by the name of their kind. SuperClass and SubClass are the hierarchy. A Class without
/// SubClass that is ModifiedBy modifiers has one concept below it for each of their valid classes, and so on for the
/// next modifier: code and display are the Class's with those of the ModifierClass after it.
Result<json::Value> ReadClaml(ByteSource& source, const ConceptSink& sink);

}  // namespace fhir::concept_files
