// Whole statements: a page of a search, its count, what it includes.
//
// Without _sort, resources come in the order of their ids, which are time-ordered: oldest first. With _sort, resources
// without a value come last in both directions, and the id breaks ties, so that a page continues strictly after the
// last row of the page before it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "gateway/store/search_sql/cursor.hpp"
#include "gateway/store/search_sql/sql_text.hpp"

namespace gateway::store::search_sql {

struct SearchStatement {
  std::string text;
  std::vector<SqlValue> values;
  std::uint64_t fingerprint = 0;
};

/// Columns of CompilePage's rows; then one text column per sort key.
enum PageColumn : int { kPageType, kPageId, kPageVersion, kPageLastUpdated, kPageBody, kPageFirstKey };

/// The page of at most `rows_max` resources after the query's cursor.
/// Errors: kUnsupported, kTooCostly, kInvalid for a foreign cursor.
fhir::Result<SearchStatement> CompilePage(const fhir::search::Query& query, const adapters::port::Grants& grants,
                                          int rows_max, const CursorKey& key);

/// One row, one column: the number of matches, counted up to `matches_max` + 1.
fhir::Result<SearchStatement> CompileCount(const fhir::search::Query& query, const adapters::port::Grants& grants,
                                           std::int64_t matches_max);

/// Ids alone, at most `rows_max`: conditional verbs and references.
fhir::Result<SearchStatement> CompileIds(const fhir::search::Query& query, const adapters::port::Grants& grants,
                                         int rows_max);

/// Columns of CompileInclude's rows.
enum IncludeColumn : int { kIncludeType, kIncludeId, kIncludeVersion, kIncludeLastUpdated, kIncludeBody };

/// Resources that `include` adds for resources of `type` with these ids.
fhir::Result<SearchStatement> CompileInclude(const fhir::search::Include& include, fhir::metadata::TypeId type,
                                             std::vector<std::string> ids, const adapters::port::Grants& grants,
                                             std::int64_t rows_max);

}  // namespace gateway::store::search_sql
