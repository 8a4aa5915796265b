// Search type reference: a resource that another one points at.
//
//   subject=Patient/1   that resource               subject=1          that id, of any type
//   subject=<url>       an absolute URL or canonical; below our own base it is the local resource
//   subject:Patient=1   that id, of that type       subject:identifier=s|c   by Reference.identifier, as a token
//
// A canonical with a version is found with and without it. References to contained resources (#x) are values that no
// query can name, since nobody outside can; chains follow them. Source: https://hl7.org/fhir/R4/search.html#reference
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "fhir/fhirpath/collection.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/search/index_values.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/types/index_context.hpp"

namespace fhir::search {

/// A reference's text taken apart. A version ("/_history/2") is left out: a search finds the resource, not a version.
struct ReferenceParts {
  std::string_view type;  ///< of a local reference
  std::string_view id;    ///< empty when not local
  std::string_view url;   ///< when not local
};
/// "Patient/1", "<base_url>/Patient/1" → local; anything else is a URL. Nothing for empty text and "#x".
std::optional<ReferenceParts> SplitReference(std::string_view text, std::string_view base_url,
                                             const metadata::Definitions& definitions);

/// Letters, digits, '-' and '.', at most 64. Source: https://hl7.org/fhir/R4/datatypes.html#id
bool IsLogicalId(std::string_view id);

void IndexReference(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out);
bool ReferenceMatches(const ReferenceIndex& row, const ReferenceValue& value);

}  // namespace fhir::search
