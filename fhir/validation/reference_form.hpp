// What the texts of references, URIs and code systems must look like, whatever they lead to.
// Source: https://hl7.org/fhir/R4/references.html#literal and https://hl7.org/fhir/R4/datatypes.html#uri
#pragma once

#include <string_view>

namespace fhir::validation {

/// A text with a scheme such as https: or urn: before anything else.
bool IsAbsoluteUri(std::string_view text);

/// Eight, four, four, four and twelve hexadecimal digits, small or capital.
bool IsUuidText(std::string_view text);

/// Arcs without leading zeros, the first 0, 1 or 2, at least two of them.
bool IsOidText(std::string_view text);

enum class UriKind : unsigned char { kUri, kCanonical };

/// What is wrong with a URI besides its characters, for people; empty when nothing is: urn:uuid: and urn:oid: hold a
/// UUID and an OID, a canonical is absolute or a fragment.
std::string_view UriProblem(std::string_view text, UriKind kind);

enum class ReferenceForm : unsigned char {
  kGood,
  kSpace,        ///< white space
  kQuery,        ///< "Patient?…" whose query is none
  kPath,         ///< relative, and not in the form type/id, with /_history/version or without
  kPathParts,    ///< the same with a number of parts that no relative reference has
  kUrn,          ///< urn:uuid: or urn:oid: without a UUID or OID behind it
  kUnknownType,  ///< the form is right, and the type is none of the standard's
};

/// The form of Reference.reference.  Cost: O(bytes), no allocation.
ReferenceForm FormOfReference(std::string_view text);

/// What was expected instead, for people; empty for kGood.
std::string_view ExpectedForm(ReferenceForm form);

}  // namespace fhir::validation
