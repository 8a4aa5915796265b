#include "gateway/store/search_sql/contained_page.hpp"

#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/matches.hpp"
#include "gateway/store/search_sql/sort.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"

namespace gateway::store::search_sql {
namespace {

using adapters::port::Grants;
using fhir::search::Contained;
using fhir::search::ContainedType;
using fhir::search::Query;

// Matches as rows of: type and id by which index rows know the resource, of_type and of_id of the resource whose text
// shows it, last_updated of that.

// Resources that stand by themselves.
fhir::Result<void> AppendOwnMatches(SqlText& sql, const Query& query, const Grants& grants) {
  Compiler compiler(sql, grants, query.types);
  const Scope scope{.alias = "r", .type = query.type, .versions = true};
  sql << "SELECT r.type, r.id, r.type AS of_type, r.id AS of_id, " << StateAlias(sql, Walk::kByResource)
      << ".last_updated";
  AppendResources(sql, Walk::kByResource);
  sql << " WHERE ";
  compiler.AppendType("r", query.type);
  AppendResourcesCount(sql, Walk::kByResource);
  GW_TRY(compiler.AppendCriteria(scope, query.criteria));
  return AppendMayFind(compiler, scope, grants);
}

fhir::Result<void> AppendContainedMatches(SqlText& sql, const Query& query, const Grants& grants) {
  Compiler compiler(sql, grants, query.types);
  compiler.CountRows(Rows::kContained);
  sql << "SELECT c.type, c.id, c.container_type AS of_type, c.container_id AS of_id, "
      << StateAlias(sql, Walk::kByResource) << ".last_updated";
  AppendResources(sql, Walk::kByResource);
  sql << " JOIN contained_resource c ON c.container_type = r.type AND c.container_id = r.id WHERE ";
  compiler.AppendType("c", query.type);
  AppendCounts(sql, "c");
  AppendResourcesCount(sql, Walk::kByResource);
  GW_TRY(compiler.AppendCriteria({.alias = "c", .type = query.type}, query.criteria));
  // The container may be of any type.
  Compiler of_containers(sql, grants);
  return AppendMayFind(of_containers, {.alias = "r", .versions = true}, grants);
}

fhir::Result<void> AppendAllMatches(SqlText& sql, const Query& query, const Grants& grants) {
  GW_TRY(AppendContainedMatches(sql, query, grants));
  if (query.contained == Contained::kBoth) {
    sql << " UNION ALL ";
    GW_TRY(AppendOwnMatches(sql, query, grants));
  }
  return {};
}

std::string_view ShownType(const Query& query) {
  return query.contained_type == ContainedType::kContainer ? "f.of_type" : "f.type";
}

std::string_view ShownId(const Query& query) {
  return query.contained_type == ContainedType::kContainer ? "f.of_id" : "f.id";
}

SearchStatement FinishedContained(SqlText&& sql) {
  auto values = sql.TakeValues();
  return {sql.TakeText(), std::move(values), true};
}

}  // namespace

fhir::Result<SearchStatement> CompileContainedPage(const Query& query, const Grants& grants, int rows_max,
                                                   const PagePlace& place, const NamedPatients* patients) {
  SqlText sql(place.as_of);
  GW_ASSIGN(const SortOrder order, PlanSort(query.sort, "m", true));
  if (place.position != nullptr && place.position->keys.size() != order.keys.size()) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "The page link does not fit the query.");
  }
  const std::string_view state = StateAlias(sql, Walk::kByResource);
  sql << "SELECT m.type, m.id, r.version, r.last_updated, r.body, "
      << (sql.as_of() == nullptr ? "(SELECT pg_current_snapshot()::text), " : "NULL::text, ");
  if (patients == nullptr) {
    sql << "false";
  } else {
    AppendIsLinked(sql, *patients);
  }
  AppendSortColumns(sql, order);
  sql << " FROM (SELECT * FROM (SELECT " << ShownType(query) << " AS type, " << ShownId(query)
      << " AS id, f.of_type, f.of_id, max(f.last_updated) AS last_updated";
  for (const SortKey& key : order.keys) {
    if (key.parameter != nullptr) {
      sql << (key.descending ? ", max(" : ", min(") << key.expression << ") AS " << key.expression;
    }
  }
  sql << " FROM (";
  GW_TRY(AppendAllMatches(sql, query, grants));
  sql << ") f";
  Compiler keys(sql, grants, query.types);
  keys.CountRows(Rows::kEither);
  SortOrder of_matches = order;
  of_matches.alias = "f";
  AppendSortJoins(sql, keys, query.type, of_matches);
  sql << " GROUP BY " << ShownType(query) << ", " << ShownId(query) << ", f.of_type, f.of_id) m WHERE true";
  if (place.position != nullptr) {
    AppendBeyond(sql, order, *place.position, place.direction);
  }
  AppendOrder(sql, order, place.direction);
  (sql << " LIMIT ").Bind(std::int64_t{rows_max});
  sql << ") m CROSS JOIN LATERAL (SELECT " << state << ".version, " << state << ".last_updated, " << state << ".body";
  AppendResources(sql, Walk::kByResource);
  sql << " WHERE r.type = m.of_type AND r.id = m.of_id";
  AppendResourcesCount(sql, Walk::kByResource);
  sql << " OFFSET 0) r";
  AppendOrder(sql, order, place.direction);
  return FinishedContained(std::move(sql));
}

fhir::Result<SearchStatement> CompileContainedCount(const Query& query, const Grants& grants, std::int64_t matches_max,
                                                    const Snapshot* as_of) {
  SqlText sql(as_of);
  sql << "SELECT count(*) FROM (SELECT DISTINCT " << ShownType(query) << ", " << ShownId(query) << " FROM (";
  GW_TRY(AppendAllMatches(sql, query, grants));
  (sql << ") f LIMIT ").Bind(matches_max + 1) << ") c";
  return FinishedContained(std::move(sql));
}

fhir::Result<SearchStatement> CompileContainedEstimate(const Query& query, const Grants& grants,
                                                       const Snapshot* as_of) {
  SqlText sql(as_of);
  sql << "EXPLAIN SELECT 1 FROM (";
  GW_TRY(AppendAllMatches(sql, query, grants));
  sql << ") f";
  return FinishedContained(std::move(sql));
}

}  // namespace gateway::store::search_sql
