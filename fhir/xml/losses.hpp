// What XML cannot carry of a resource.
#pragma once

#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"

namespace fhir::xml {

/// Adds an error for every value that WriteXml would change: one with characters that XML 1.0 has no way to hold
/// (U+FFFE, U+FFFF, the controls below U+0020 but TAB, LF and CR), and a narrative that is not well-formed. Each has
/// the path of its element and, in a resource that was read, its offset. Cost:   O(bytes); allocates for issues alone.
/// Source: https://www.w3.org/TR/xml/#charsets
void CheckLosses(const model::Node& resource, IssueList& issues);

}  // namespace fhir::xml
