// Search type date: stretches of time. A value [v, w) of the search meets a value [l, h) of the resource:
//
//   eq  v <= l and h <= w      ne  not eq
//   gt  h > w                  ge  gt or l >= v          sa  l >= w
//   lt  l < v                  le  lt or h <= w          eb  h <= v
//   ap  they overlap; the search value is widened by a tenth of its distance to the present
//
// A Period open at one end reaches to the end of time; of a Timing the outer limits count.
// Source: https://hl7.org/fhir/R4/search.html#date
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/fhirpath/collection.hpp"
#include "fhir/search/index_values.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/types/index_context.hpp"

namespace fhir::search {

void IndexDate(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out);

/// "ge2024-05", any precision down to fractions of a second. Errors: kInvalid.
/// NB: "+" of an offset that a client did not percent-encode arrives as a blank; it is read as "+".
Result<DateValue> ParseDateValue(std::string_view text, const TimeZone& zone, std::optional<std::int64_t> now_us);
bool DateMatches(std::int64_t low_us, std::int64_t high_us, const DateValue& value);

/// Takes a two-letter prefix off the text; kEq when there is none.
Prefix TakePrefix(std::string_view& text);

}  // namespace fhir::search
