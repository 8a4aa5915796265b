// One name=value of a query: plain parameters, chains and _has, of any depth within the limit.
// Source: https://hl7.org/fhir/R4/search.html#chaining and #has
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/value_parser.hpp"

namespace fhir::search {

/// `name` may be "code", "code:modifier", "subject:Patient.name", "_has:Observation:patient:code" and mixtures of them;
/// "_filter" and "_list" become what they stand for.
/// Errors: kUnsupported for unknown names (with the nearest known), kInvalid for values, kTooCostly past the limits.
Result<Criterion> ParseCriterion(const ValueContext& context, metadata::TypeId type, std::string_view name,
                                 std::string_view value);

/// What stands at the end of a path, and in brackets behind one of its steps, is read by whoever parses the path.
struct PathReaders {
  using Reader = std::function<Result<Criterion>(metadata::TypeId type, std::string_view text)>;
  Reader leaf;     ///< a parameter with its modifier, on the type that the path leads to
  Reader bracket;  ///< "related[type eq x].target": the filter, for the resources that the step leads to
};

/// "name", "subject.name", "_has:Observation:patient:code": the criterion of the leaf within its chains.
/// Errors: as ParseCriterion, and those of the readers.
Result<Criterion> ParsePath(const ValueContext& context, metadata::TypeId type, std::string_view path,
                            const PathReaders& readers);

/// The parameter of that name, in the spelling that the options allow; null when there is none that can be searched by.
const metadata::SearchParameter* FindParameter(const ValueContext& context, metadata::TypeId type,
                                               std::string_view code);

/// The error for a parameter that `type` does not have, or that is still being indexed.
std::unexpected<Error> UnknownParameterError(const ValueContext& context, metadata::TypeId type, std::string_view name);

}  // namespace fhir::search
