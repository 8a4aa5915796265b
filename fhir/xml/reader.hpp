// Reads FHIR XML into the element tree.
#pragma once

#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/model/document.hpp"

namespace fhir::xml {

/// Reads one resource, with its contained resources and Bundle entries.
/// Shape:  text is XML 1.0 in UTF-8, at most limits.body_bytes_max bytes, with or without declaration and byte order
///         mark. The result owns its strings. A narrative keeps its bytes. Offsets of nodes and issues are those of
///         the bytes of the element's '<', or of an attribute.
/// Cost:   one pass, O(bytes).
/// Errors: kMalformed with line, column and byte offset (not well-formed, another encoding or version, invalid UTF-8, a
///         DOCTYPE, hence any entity but the five of XML); kTooLarge (size, depth as JSON would have it, attributes of
///         one tag, a string over limits.string_bytes_max unless base64Binary); kInvalid when the root is no resource
///         in the namespace of FHIR. Data problems (unknown, misplaced and empty elements, other namespaces, attributes
///         that are not FHIR's, text outside values, narratives that are not allowed) go to `issues` with path and
///         offset; reading goes on, without what is unknown, and with what is misplaced put in its place.
/// Thread-safe: the underlying library is set up once, by the first call.
/// Source: https://hl7.org/fhir/R4/xml.html
Result<model::Document> ReadXml(std::string_view text, const Limits& limits, IssueList& issues);

}  // namespace fhir::xml
