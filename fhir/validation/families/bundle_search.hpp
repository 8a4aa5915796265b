// What a search may answer. Source: https://hl7.org/fhir/R4/search.html#modes
#pragma once

#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"
#include "fhir/validation/families/bundle_entries.hpp"

namespace fhir::validation {

/// Checks the entries of a searchset against their search modes and the types that the self link asks for.
void CheckSearchSet(const model::Node& bundle, const BundleEntries& entries, IssueList& issues);

}  // namespace fhir::validation
