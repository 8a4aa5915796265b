// Finds what cannot have an answer before anything is evaluated: names, types and operands, by the definitions.
// Source: http://hl7.org/fhirpath/N1/#type-safety-and-strict-evaluation
#pragma once

#include "fhir/base/error.hpp"
#include "fhir/fhirpath/ast.hpp"
#include "fhir/metadata/definitions.hpp"

namespace fhir::fhirpath {

/// Checks a parsed expression for elements of `context_type`.
/// Cost:   one pass over the tree.
/// Errors: kInvalid with the byte offset of the part that cannot hold.
Result<void> CheckTypes(const Ast& ast, metadata::TypeId context_type);

}  // namespace fhir::fhirpath
