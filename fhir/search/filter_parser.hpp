// _filter: an expression over the parameters of a type, read to the same tree of criteria as name=value pairs.
//
//   filter   = term { ("and" | "or") term }, "and" before "or"
//   term     = "not" "(" filter ")" | "(" filter ")" | path operator value
//   path     = step { "." step }, a step is a parameter, "reference:Type", "reference[filter]" or
//   "_has:Type:reference:…" operator = eq ne co sw ew gt lt ge le ap sa eb pr po ss sb in ni re value    = a JSON
//   string, or what goes to the next blank, ")" or "]"
//
// ne holds when there is a value and none of them is equal. Source: https://hl7.org/fhir/R4/search_filter.html
#pragma once

#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/value_parser.hpp"

namespace fhir::search {

/// Errors: kInvalid with the byte offset of what was expected; kTooCostly past the limits of the options; and as
/// ParseCriterion for parameters and values. No error text quotes a value.
Result<Criterion> ParseFilter(const ValueContext& context, metadata::TypeId type, std::string_view text);

}  // namespace fhir::search
