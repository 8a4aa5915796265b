// Statements of searches with _contained: resources that stand inside others, alone or beside those that stand by
// themselves. What a row shows is the container, or the contained resource under the negative number of its type and
// its name (fhir/search/contained.hpp); its text is always the container's. A party finds what is in the containers
// that it may find and read.
//
// Rows come by type and id, and by the query's sort keys before that: of a container the least value of its matches, or
// when descending the greatest.
// Source: https://hl7.org/fhir/R4/search.html#contained
#pragma once

#include "gateway/store/search_sql/page.hpp"

namespace gateway::store::search_sql {

/// Columns as those of CompilePage; kPageType is negative for a contained resource, and kPageId is its name then.
/// Cost: all matches are found for a page.
/// Errors: as CompilePage.
fhir::Result<SearchStatement> CompileContainedPage(const fhir::search::Query& query,
                                                   const adapters::port::Grants& grants, int rows_max,
                                                   const PagePlace& place, const NamedPatients* patients);

/// As CompileCount.
fhir::Result<SearchStatement> CompileContainedCount(const fhir::search::Query& query,
                                                    const adapters::port::Grants& grants, std::int64_t matches_max,
                                                    const Snapshot* as_of);

/// As CompileEstimate.
fhir::Result<SearchStatement> CompileContainedEstimate(const fhir::search::Query& query,
                                                       const adapters::port::Grants& grants, const Snapshot* as_of);

}  // namespace gateway::store::search_sql
