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
  const fhir::metadata::SearchParameter* parameter = nullptr;  ///< null: a column of the rows, never absent
  bool descending = false;
  std::string expression;   ///< "k1", the name of the parameter's value, or a column
  std::string_view column;  ///< of the index table
  std::string_view cast;    ///< type of the value, for the position
};

struct SortOrder {
  std::string_view alias;  ///< of the rows that are sorted
  std::vector<SortKey> keys;
};

/// `several_types`: the type breaks ties before the id, which two types may share.
/// Errors: kUnsupported for parameters without an order, kTooCostly past 3 keys.
fhir::Result<SortOrder> PlanSort(std::span<const fhir::search::Sort> sort, std::string_view alias,
                                 bool several_types = false);

/// The value of a position, as the column's type.
void BindKey(SqlText& sql, const SortKey& key, const std::string& value);
/// " AND …" of an index table's rows: the row has a value to sort by.
void AppendSortable(SqlText& sql, std::string_view alias, const SortKey& key);

/// ", k1" per key of a parameter.
void AppendSortValues(SqlText& sql, const SortOrder& order);
/// ", k1::text AS at1" per key.
void AppendSortColumns(SqlText& sql, const SortOrder& order);
/// " LEFT JOIN LATERAL (SELECT … AS k1 …) x1 ON true" per key of a parameter.
void AppendSortJoins(SqlText& sql, Compiler& compiler, fhir::metadata::TypeId type, const SortOrder& order);
/// " AND (…)": rows strictly after, or before, the position, which must have as many keys.
void AppendBeyond(SqlText& sql, const SortOrder& order, const Position& position, Direction direction);
/// " ORDER BY …, r.id"; for rows before a position the other way round, so that those next to it come first.
void AppendOrder(SqlText& sql, const SortOrder& order, Direction direction);

}  // namespace gateway::store::search_sql
