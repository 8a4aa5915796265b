// One parameter with its modifier and values: the end of every name in a query, and of every path in a filter.
#pragma once

#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/value_parser.hpp"

namespace fhir::search {

/// "code", "code:not" with the values between commas. Errors: as ParseCriterion.
Result<Criterion> ParseParameter(const ValueContext& context, metadata::TypeId type, std::string_view name,
                                 std::string_view value);

/// The parameter and how it is indexed; the kind of criterion is set too.
/// Errors: kUnsupported for an unknown parameter, or one for which nothing is indexed: an empty answer would pass for
/// "there is none".
Result<Criterion> StartCriterion(const ValueContext& context, metadata::TypeId type, std::string_view code);

/// The criterion "has no value" or "has one".
Criterion MissingCriterion(Criterion criterion, bool missing);

/// Adds, for each token of a system that elements of type code imply, the same token without a system, as it is
/// indexed.
void AddImpliedTokens(const ValueContext& context, Criterion& criterion);

/// Replaces what a terminology answers (:in, :not-in, :above, :below) by the codes that it lists. `text` is one value
/// as sent. Errors: kUnsupported without a terminology, and its own.
Result<std::vector<TokenValue>> ListCodes(const ValueContext& context, Modifier modifier, std::string_view text);

/// Adds the parameter's name before what the value parser said.
std::unexpected<Error> InParameter(std::string_view code, Error error);

}  // namespace fhir::search
