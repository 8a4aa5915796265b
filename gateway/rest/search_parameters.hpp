// Queries read by the search parameters in force, those of the standard and others.
#pragma once

#include <functional>

#include "fhir/base/issue.hpp"
#include "fhir/search/query_parser.hpp"
#include "gateway/rest/call.hpp"

namespace gateway::rest {

using ParseFunction = std::function<fhir::Result<fhir::search::Query>(const fhir::search::ParseOptions& options,
                                                                      fhir::IssueList& issues)>;

/// Parses by the parameters that this node knows. A query that names none beside those of the standard costs nothing
/// more; one that does, or that names what is not known here, is read by those that are in force now: another node may
/// have learnt of one, or seen it end. What is to be said of the query goes to `issues`.
/// Errors: those of `parse`; those of the database.
fhir::Result<fhir::search::Query> ParseInForce(const Call& call, fhir::search::ParseOptions options,
                                               fhir::IssueList& issues, const ParseFunction& parse);

}  // namespace gateway::rest
