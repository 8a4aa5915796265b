// Codes that must come from a closed list.
// Source: https://hl7.org/fhir/R4/terminologies.html#required
#pragma once

#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"

namespace fhir::validation {

/// Checks an element with a required binding: a code, or the codings of a Coding or CodeableConcept, of which one must
/// be in the list. Elements without value or coding but with an extension that says why are let pass.
/// Cost: a binary search by code; O(1) without a binding.
void CheckBinding(const model::Node& node, IssueList& issues);

/// Whether the code, or one of the codings, is in the closed list of the element's row.
/// Shape: the row has such a list.  Cost: a binary search by code.
bool InRequiredCodes(const model::Node& node);

}  // namespace fhir::validation
