// Writes the element tree as FHIR JSON. The same tree always gives the same bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/model/document.hpp"

namespace fhir::json {

struct WriteOptions {
  bool pretty = false;  ///< two spaces of indent, one member a line
};

/// Writes a resource, resourceType first, then the elements in the tree's order; a primitive's id and extensions go to
/// its `_name` twin, aligned with nulls. Numbers and other values are written as they were read.
/// Cost: O(bytes), one growing string.
/// Source: https://hl7.org/fhir/R4/json.html
std::string WriteJson(const model::Node& resource, const WriteOptions& options = {});

/// Appends the compact form to `out`.
void AppendJson(std::string& out, const model::Node& resource);

/// What the server decides about a stored resource.
struct StoredMeta {
  std::string_view id;
  std::int64_t version = 1;
  std::string_view last_updated;  ///< an instant as text, see FormatInstant
};

/// The bytes to store and send: resourceType, id, meta with versionId and lastUpdated from `stored` and the resource's
/// other meta children (profile, security, tag, extension) kept, then all the rest.
std::string WriteStored(const model::Node& resource, const StoredMeta& stored);

/// Appends text as a JSON string with its quotes. Non-ASCII UTF-8 stays as it is.
void AppendQuoted(std::string& out, std::string_view text);

}  // namespace fhir::json
