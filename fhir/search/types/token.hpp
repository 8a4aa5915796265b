// Search type token: a code, with or without the system that it belongs to.
//
//   identifier=s|c   system s and code c          identifier=c    code c of any system
//   identifier=|c    code c without a system      identifier=s|   any code of system s
//   :not             no value of the resource matches; resources without values are found
//   :of-type=s|t|v   Identifier of type t and value v
//   :text            the display, the concept's own text or the identifier type's text begins with the value, folded
//
// Values: Coding, each coding of a CodeableConcept, Identifier (system, value), ContactPoint (use, value), and code,
// id, uri, string and boolean with an empty system. Codes compare with case, as stored. Source:
// https://hl7.org/fhir/R4/search.html#token
#pragma once

#include <cstdint>

#include "fhir/fhirpath/collection.hpp"
#include "fhir/search/index_values.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/types/index_context.hpp"

namespace fhir::search {

void IndexToken(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out);
/// An Identifier as a token row; for reference parameters too, where :identifier looks for it.
void IndexIdentifier(std::uint16_t parameter, const model::Node& identifier, IndexValues& out);
bool TokenMatches(const TokenIndex& row, Modifier modifier, const TokenValue& value);
/// :text
bool TokenTextMatches(const TokenIndex& row, const StringValue& value);

}  // namespace fhir::search
