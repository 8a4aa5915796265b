// Search type quantity: a number as in number.hpp, with a unit that must be equal when the search names one.
//
//   value=5.4|http://unitsofmeasure.org|mg   number, system and code     value=5.4||mg   number and code or unit
//
// Values: Quantity and its kinds (system, code and the unit's text), Money (its currency, system
// urn:iso:std:iso:4217) and Range. Units of UCUM are compared in base units, so that 5.4 mg finds 0.0054 g; the range
// that the precision of the search value implies is that of the value as sent. On a scale that falls ([pH]) and of
// units that UCUM does not know, the code must be the same. Source: https://hl7.org/fhir/R4/search.html#quantity
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "fhir/base/error.hpp"
#include "fhir/fhirpath/collection.hpp"
#include "fhir/search/index_values.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/types/index_context.hpp"

namespace fhir::search {

void IndexQuantity(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out);
/// From the parts between bars, one or three. Errors: kInvalid.
Result<QuantityValue> ParseQuantityValue(std::span<const std::string> parts);
bool QuantityMatches(const QuantityIndex& row, const QuantityValue& value);

}  // namespace fhir::search
