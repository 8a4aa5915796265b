// What a Reference may point at, as far as its text tells.
// Source: https://hl7.org/fhir/R4/references.html
#pragma once

#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"

namespace fhir::validation {

/// Checks the type of a relative literal reference ("Patient/123") against the types that the element allows. Absolute,
/// contained (#) and urn references are not looked at.
/// Shape:  node is an element of type Reference.  Cost: O(children + targets), no allocation on the good path.
void CheckReference(const model::Node& node, IssueList& issues);

}  // namespace fhir::validation
