// Search type number. A value n of the search stands for [n - half a unit of its last digit, n + half a unit) with eq,
// ne and ap (which also adds a tenth), and for n exactly with the other prefixes; a number in a resource is a point.
// Source: https://hl7.org/fhir/R4/search.html#number
#pragma once

#include <cstdint>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/fhirpath/collection.hpp"
#include "fhir/search/index_values.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/types/index_context.hpp"

namespace fhir::search {

void IndexNumber(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out);
/// "lt5.4". Errors: kInvalid.
Result<NumberValue> ParseNumberValue(std::string_view text);
/// Whether [low, high] of a resource meets the value; "-Infinity" and "Infinity" are understood.
bool NumberMatches(std::string_view low, std::string_view high, const NumberValue& value);

}  // namespace fhir::search
