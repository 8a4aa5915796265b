#include "fhir/search/types/uri.hpp"

#include <string>

namespace fhir::search {

void IndexUri(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out) {
  const model::Node* const element = ElementOf(context, item);
  if (element != nullptr && !element->value.empty()) out.uris.push_back({parameter, std::string(element->value)});
}

bool UriMatches(const UriIndex& row, Modifier modifier, const UriValue& value) {
  if (modifier == Modifier::kBelow) return row.uri.starts_with(value.uri);
  if (modifier == Modifier::kAbove) return value.uri.starts_with(row.uri);
  return row.uri == value.uri;
}

}  // namespace fhir::search
