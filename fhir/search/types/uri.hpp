// Search type uri: equal byte for byte; :below finds values that start with the text, :above those that it starts with.
// Source: https://hl7.org/fhir/R4/search.html#uri
#pragma once

#include <cstdint>

#include "fhir/fhirpath/collection.hpp"
#include "fhir/search/index_values.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/types/index_context.hpp"

namespace fhir::search {

void IndexUri(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out);
bool UriMatches(const UriIndex& row, Modifier modifier, const UriValue& value);

}  // namespace fhir::search
