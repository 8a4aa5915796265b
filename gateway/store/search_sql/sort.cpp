#include "gateway/store/search_sql/sort.hpp"

#include <fmt/format.h>

#include "gateway/store/search_sql/value_conditions.hpp"

namespace gateway::store::search_sql {
namespace {

constexpr std::size_t kSortKeysMax = 3;

struct SortColumn {
  fhir::metadata::SearchType type;
  std::string_view ascending;
  std::string_view descending;
  std::string_view cast;
};

using fhir::metadata::SearchType;
constexpr SortColumn kSortColumns[] = {
    {SearchType::kString, "folded", "folded", "text"},
    {SearchType::kToken, "code", "code", "text"},
    {SearchType::kReference, "target", "target", "text"},
    {SearchType::kDate, "low", "low", "bigint"},  // a period by its start, also when it has not ended
    {SearchType::kNumber, "low", "high", "numeric"},
    {SearchType::kQuantity, "low", "high", "numeric"},
    {SearchType::kUri, "uri", "uri", "text"},
};

}  // namespace

void BindKey(SqlText& sql, const SortKey& key, const std::string& value) {
  // Positions are read from a cursor of our own as text; the server reads them as the column's type.
  sql.Bind(value) << "::" << key.cast;
}

void AppendSortable(SqlText& sql, std::string_view alias, const SortKey& key) {
  if (key.parameter->type == SearchType::kToken) {
    sql << " AND " << alias << ".code <> ''";  // the text of a concept alone has no place among codes
  }
}

fhir::Result<SortOrder> PlanSort(std::span<const fhir::search::Sort> sort, std::string_view alias, bool several_types) {
  if (sort.size() > kSortKeysMax) {
    return fhir::Fail(fhir::ErrorCode::kTooCostly, fmt::format("_sort takes at most {} parameters.", kSortKeysMax));
  }
  SortOrder order{.alias = alias, .keys = {}};
  auto& keys = order.keys;
  for (const auto& wanted : sort) {
    SortKey key{.parameter = wanted.parameter,
                .descending = wanted.descending,
                .expression = {},
                .column = {},
                .cast = "bigint"};
    if (wanted.parameter == nullptr) {
      key.expression = fmt::format("{}.last_updated", alias);
      keys.push_back(std::move(key));
      continue;
    }
    if (wanted.parameter->code == "_id") {
      key.parameter = nullptr;
      key.expression = fmt::format("{}.id", alias);
      key.cast = "text";
      keys.push_back(std::move(key));
      continue;
    }
    for (const auto& column : kSortColumns) {
      if (column.type == wanted.parameter->type) {
        key.column = wanted.descending ? column.descending : column.ascending;
        key.cast = column.cast;
      }
    }
    if (key.column.empty()) {
      return fhir::Fail(fhir::ErrorCode::kUnsupported,
                        fmt::format("Sorting by \"{}\" is not supported.", wanted.parameter->code));
    }
    key.expression = fmt::format("k{}", keys.size() + 1);
    keys.push_back(std::move(key));
  }
  if (several_types) {
    keys.push_back({.parameter = nullptr,
                    .descending = false,
                    .expression = fmt::format("{}.type", alias),
                    .column = {},
                    .cast = "smallint"});
  }
  return order;
}

void AppendSortValues(SqlText& sql, const SortOrder& order) {
  for (const auto& key : order.keys) {
    if (key.parameter != nullptr) {
      sql << ", " << key.expression;
    }
  }
}

void AppendSortColumns(SqlText& sql, const SortOrder& order) {
  int number = 0;
  for (const auto& key : order.keys) {
    // Named otherwise than the value: ORDER BY takes a name to be that of a column that is shown.
    sql << ", " << key.expression << "::text AS at" << ++number;
  }
}

void AppendSortJoins(SqlText& sql, Compiler& compiler, fhir::metadata::TypeId type, const SortOrder& order) {
  int number = 0;
  for (const auto& key : order.keys) {
    ++number;
    if (key.parameter == nullptr) {
      continue;
    }
    const std::string alias = sql.NewAlias();
    sql << " LEFT JOIN LATERAL (SELECT " << (key.descending ? "max(" : "min(") << alias << "." << key.column << ") AS "
        << key.expression;
    compiler.AppendHeadRows(alias, type, key.parameter->id, key.parameter->type);
    AppendSortable(sql, alias, key);
    sql << " AND " << alias << ".id = " << order.alias << ".id";
    if (type == fhir::metadata::kNoType) {
      sql << " AND " << alias << ".type = " << order.alias << ".type";
    }
    sql << ") x" << number << " ON true";
  }
}

// Ascending or descending, resources without a value come last: so before a position without one come all that have
// one, and after it none.
void AppendBeyond(SqlText& sql, const SortOrder& order, const Position& position, Direction direction) {
  const auto& keys = order.keys;
  const bool after = direction == Direction::kAfter;
  const auto append_equal = [&](std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (position.keys[i]) {
        sql << keys[i].expression << " = ";
        BindKey(sql, keys[i], *position.keys[i]);
      } else {
        sql << keys[i].expression << " IS NULL";
      }
      sql << " AND ";
    }
  };
  sql << " AND (";
  for (std::size_t i = 0; i < keys.size(); ++i) {
    if (!position.keys[i] && after) {
      continue;
    }
    sql << "(";
    append_equal(i);
    sql << "(" << keys[i].expression;
    if (position.keys[i]) {
      sql << (keys[i].descending == after ? " < " : " > ");
      BindKey(sql, keys[i], *position.keys[i]);
      if (keys[i].parameter != nullptr && after) {
        sql << " OR " << keys[i].expression << " IS NULL";
      }
    } else {
      sql << " IS NOT NULL";
    }
    sql << ")) OR ";
  }
  sql << "(";
  append_equal(keys.size());
  (sql << order.alias << (after ? ".id > " : ".id < ")).Bind(position.id) << "))";
}

void AppendOrder(SqlText& sql, const SortOrder& order, Direction direction) {
  const bool after = direction == Direction::kAfter;
  sql << " ORDER BY ";
  for (const auto& key : order.keys) {
    const bool descending = key.descending == after;
    sql << key.expression << (descending ? " DESC" : " ASC");
    // Where the server would put them elsewhere. _lastUpdated is never absent; without the clause its index serves the
    // order.
    if (key.parameter != nullptr && descending == after) {
      sql << (after ? " NULLS LAST" : " NULLS FIRST");
    }
    sql << ", ";
  }
  sql << order.alias << (after ? ".id" : ".id DESC");
}

}  // namespace gateway::store::search_sql
