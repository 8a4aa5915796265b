// Sort keys: the least value of a parameter when ascending, the greatest when descending, computed per matching
// resource; and the condition that continues after a position.
// Source: https://hl7.org/fhir/R4/search.html#sort
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/position.hpp"
#include "gateway/store/search_sql/sql_text.hpp"

namespace gateway::store::search_sql {

struct SortKey {
  const fhir::metadata::SearchParameter* parameter = nullptr;  ///< null: a column of resource_version, never absent
  bool descending = false;
  std::string expression;   ///< of the outer statement, e.g. "k1.v"
  std::string_view column;  ///< of the index table
  std::string_view cast;    ///< type of the value, for the position
};

/// `several_types`: the type breaks ties before the id, which two types may share.
/// Errors: kUnsupported for parameters without an order, kTooCostly past 3 keys.
fhir::Result<std::vector<SortKey>> PlanSort(std::span<const fhir::search::Sort> sort, bool several_types = false);

/// ", k1.v::text" per key.
void AppendSortColumns(SqlText& sql, std::span<const SortKey> keys);
/// " LEFT JOIN LATERAL (…) k1 ON true" per key that is not a column of resource_version r.
void AppendSortJoins(SqlText& sql, Compiler& compiler, fhir::metadata::TypeId type, std::span<const SortKey> keys);
/// " AND (…)": rows strictly after, or before, the position. `position.keys` must be as many as `keys`.
void AppendBeyond(SqlText& sql, std::span<const SortKey> keys, const Position& position, Direction direction);
/// " ORDER BY …, r.id"; for rows before a position the other way round, so that those next to it come first.
void AppendOrder(SqlText& sql, std::span<const SortKey> keys, Direction direction);

}  // namespace gateway::store::search_sql
