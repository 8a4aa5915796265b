// One name=value of a query: plain parameters, chains and _has, of any depth within the limit.
// Source: https://hl7.org/fhir/R4/search.html#chaining and #has
#pragma once

#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/value_parser.hpp"

namespace fhir::search {

/// `name` may be "code", "code:modifier", "subject:Patient.name", "_has:Observation:patient:code" and mixtures of them.
/// Errors: kUnsupported for unknown names (with the nearest known), kInvalid for values, kTooCostly past the limits.
Result<Criterion> ParseCriterion(const ValueContext& context, metadata::TypeId type, std::string_view name,
                                 std::string_view value);

/// The error for a parameter that `type` does not have.
std::unexpected<Error> UnknownParameterError(const metadata::Definitions& definitions, metadata::TypeId type,
                                             std::string_view name);

}  // namespace fhir::search
