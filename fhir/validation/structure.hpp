// Structure, cardinality, primitive values, closed code lists and reference types: the checks that need nothing but the
// definitions. Other families of rules stand in files beside this one.
#pragma once

#include "fhir/base/issue.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/model/document.hpp"
#include "fhir/validation/checking.hpp"

namespace fhir::validation {

struct ValidationOptions {
  Checking bindings = Checking::kOn;
  Checking references = Checking::kOn;
  Limits limits;
};

/// Checks a resource, its contained resources and, for a Bundle, the resources of its entries.
/// Shape:  resource is the root of a document or a resource inside one; expressions start at the document's root.
/// Cost:   one pass over the elements; nothing is allocated while all is well.
/// Errors: as issues, each with a FHIRPath expression (see expression.hpp) and the offset in the source, never with the
///         value found: unknown element and too many repetitions (structure), missing element (required), wrong value
///         (value), code not in a required list (code-invalid), too deep (too-costly).
/// Source: https://hl7.org/fhir/R4/validation.html
void ValidateStructure(const model::Node& resource, const ValidationOptions& options, IssueList& issues);

}  // namespace fhir::validation
