// References between the entries of one Bundle.
// Source: https://hl7.org/fhir/R4/bundle.html#references
#pragma once

#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/validation/families/bundle_entries.hpp"

namespace fhir::validation {

/// A reference means one entry, of the type it names; a urn: is of an entry of this Bundle.
/// Cost: a hash look-up for each reference.
void CheckBundleReferences(const BundleEntries& entries, std::string_view bundle_type, IssueList& issues);

/// What the first resource of a document or message holds together: each reference of these means one entry.
/// Source: https://hl7.org/fhir/R4/documents.html#content and https://hl7.org/fhir/R4/messageheader.html#focus
void CheckComposition(const BundleEntries& entries, IssueList& issues);
void CheckMessageFocus(const BundleEntries& entries, IssueList& issues);

/// Every entry is reached from the first one by references and links, followed in either direction.
void CheckConnected(const model::Node& bundle, const BundleEntries& entries, Severity severity, IssueList& issues);

}  // namespace fhir::validation
