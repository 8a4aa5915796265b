// Reads FHIR JSON into the element tree.
#pragma once

#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/model/document.hpp"

namespace fhir::json {

/// Reads one resource, with its contained resources and Bundle entries.
/// Shape:  text is a UTF-8 JSON object of at most limits.body_bytes_max bytes; resourceType may stand anywhere in it.
///         The result owns its strings. Numbers keep their text.
/// Cost:   one pass, O(bytes); an object whose resourceType does not come first is scanned once more for it.
/// Errors: kMalformed with the byte offset (not JSON, invalid UTF-8, U+0000, a key twice in one object); kTooLarge
/// (size,
///         depth, a string over limits.string_bytes_max unless base64Binary or xhtml); kInvalid when the root has no
///         known resourceType. Data problems (unknown elements, wrong JSON types, empty arrays and objects, misplaced
///         nulls) go to `issues` with path and offset; what they touch is left out and reading goes on.
/// Source: https://hl7.org/fhir/R4/json.html
Result<model::Document> ReadJson(std::string_view text, const Limits& limits, IssueList& issues);

}  // namespace fhir::json
