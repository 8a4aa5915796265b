// Search type string: text compared without case, accents and runs of white space.
//
//   name=eve         the folded value starts with the folded text
//   name:contains=   the folded value has the folded text anywhere
//   name:exact=      the value is the text, byte for byte
//
// Of a parameter called phonetic the values are the keys of the words (phonetic.hpp), and compare as a whole.
//
// Each part of a HumanName (text, family, given, prefix, suffix) and of an Address (text, line, city, district, state,
// postalCode, country) is a value of its own. Source: https://hl7.org/fhir/R4/search.html#string
#pragma once

#include <cstdint>

#include "fhir/fhirpath/collection.hpp"
#include "fhir/search/index_values.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/types/index_context.hpp"

namespace fhir::search {

/// Whether the parameter compares how words sound.
bool IsPhonetic(const metadata::SearchParameter& parameter);

void IndexString(const IndexContext& context, const metadata::SearchParameter& parameter, const fhirpath::Item& item,
                 IndexValues& out);
/// Whether one row meets one value. Cost: folds the value unless :exact.
bool StringMatches(const StringIndex& row, Modifier modifier, const StringValue& value);

}  // namespace fhir::search
