#include "gateway/store/search_sql/page.hpp"

#include <algorithm>

#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/fingerprint.hpp"
#include "gateway/store/search_sql/sort.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using adapters::port::Grants;

// Whether the grants that allow searching a type are the same rows as those that allow reading it.
bool SearchMeansRead(const Grants& grants, fhir::metadata::TypeId type) {
  if (type == fhir::metadata::kNoType) {
    return std::all_of(grants.by_type.begin(), grants.by_type.end(),
                       [&](const auto& row) { return SearchMeansRead(grants, row.first); });
  }
  const auto found = grants.by_type.find(type);
  if (found == grants.by_type.end()) {
    return true;
  }
  for (const auto& grant : found->second.grants) {
    const bool search = (grant.interactions & adapters::port::kSearch) != 0;
    const bool read = (grant.interactions & adapters::port::kRead) != 0;
    if (search != read) {
      return false;
    }
  }
  return true;
}

// " WHERE …" of the matches that the actor may see.
fhir::Result<void> AppendMatches(SqlText& sql, Compiler& compiler, const fhir::search::Query& query,
                                 const Grants& grants, Walk walk) {
  const Scope scope{.alias = "r", .type = query.type, .versions = true};
  sql << " WHERE ";
  compiler.AppendType("r", query.type);
  AppendResourcesCount(sql, walk);
  GW_TRY(compiler.AppendCriteria(scope, query.criteria));
  GW_TRY(compiler.AppendGranted(scope, adapters::port::kSearch));
  if (!SearchMeansRead(grants, query.type)) {
    GW_TRY(compiler.AppendGranted(scope, adapters::port::kRead));
  }
  return {};
}

SearchStatement Finished(SqlText&& sql) {
  auto values = sql.TakeValues();
  return {sql.TakeText(), std::move(values)};
}

Walk WalkOf(std::span<const SortKey> keys) {
  const bool by_time =
      std::any_of(keys.begin(), keys.end(), [](const auto& key) { return key.expression == "r.last_updated"; });
  return by_time ? Walk::kByLastUpdated : Walk::kByResource;
}

// Everything but the position and the order.
fhir::Result<void> AppendPage(SqlText& sql, const fhir::search::Query& query, const Grants& grants,
                              std::span<const SortKey> keys, const PagePlace& place) {
  const Walk walk = WalkOf(keys);
  const auto state = StateAlias(sql, walk);
  Compiler compiler(sql, grants, query.types);
  if (keys.empty() && place.position != nullptr) {
    compiler.WalkFrom(place.position->id, place.direction);
  }
  sql << "SELECT r.type, r.id, " << state << ".version, " << state << ".last_updated, " << state << ".body, "
      << (sql.as_of() == nullptr ? "(SELECT pg_current_snapshot()::text)" : "NULL::text");
  AppendSortColumns(sql, keys);
  AppendResources(sql, walk);
  AppendSortJoins(sql, compiler, query.type, keys);
  return AppendMatches(sql, compiler, query, grants, walk);
}

}  // namespace

fhir::Result<SearchStatement> CompilePage(const fhir::search::Query& query, const Grants& grants, int rows_max,
                                          const PagePlace& place) {
  SqlText sql(place.as_of);
  GW_ASSIGN(const auto keys, PlanSort(query.sort, query.type == fhir::metadata::kNoType));
  GW_TRY(AppendPage(sql, query, grants, keys, place));
  if (place.position != nullptr) {
    if (place.position->keys.size() != keys.size()) {
      return fhir::Fail(fhir::ErrorCode::kMalformed, "The page link does not fit the query.");
    }
    AppendBeyond(sql, keys, *place.position, place.direction);
  }
  AppendOrder(sql, keys, place.direction);
  (sql << " LIMIT ").Bind(std::int64_t{rows_max});
  return Finished(std::move(sql));
}

fhir::Result<std::string> PageFingerprint(const fhir::search::Query& query, const Grants& grants) {
  SqlText sql;
  GW_ASSIGN(const auto keys, PlanSort(query.sort, query.type == fhir::metadata::kNoType));
  GW_TRY(AppendPage(sql, query, grants, keys, {}));
  AppendOrder(sql, keys, Direction::kAfter);
  return Fingerprint(sql.text(), sql.values());
}

fhir::Result<SearchStatement> CompileCount(const fhir::search::Query& query, const Grants& grants,
                                           std::int64_t matches_max, const Snapshot* as_of) {
  SqlText sql(as_of);
  Compiler compiler(sql, grants, query.types);
  sql << "SELECT count(*) FROM (SELECT 1";
  AppendResources(sql, Walk::kByResource);
  GW_TRY(AppendMatches(sql, compiler, query, grants, Walk::kByResource));
  (sql << " LIMIT ").Bind(matches_max + 1) << ") m";
  return Finished(std::move(sql));
}

fhir::Result<SearchStatement> CompileEstimate(const fhir::search::Query& query, const Grants& grants,
                                              const Snapshot* as_of) {
  SqlText sql(as_of);
  Compiler compiler(sql, grants, query.types);
  sql << "EXPLAIN SELECT 1";
  AppendResources(sql, Walk::kByResource);
  GW_TRY(AppendMatches(sql, compiler, query, grants, Walk::kByResource));
  return Finished(std::move(sql));
}

fhir::Result<SearchStatement> CompileIds(const fhir::search::Query& query, const Grants& grants, int rows_max) {
  SqlText sql;
  Compiler compiler(sql, grants);
  sql << "SELECT r.id";
  AppendResources(sql, Walk::kByResource);
  GW_TRY(AppendMatches(sql, compiler, query, grants, Walk::kByResource));
  (sql << " ORDER BY r.id LIMIT ").Bind(std::int64_t{rows_max});
  return Finished(std::move(sql));
}

fhir::Result<SearchStatement> CompileInclude(const fhir::search::Include& include, fhir::metadata::TypeId type,
                                             std::vector<std::string> ids, const Grants& grants, std::int64_t rows_max,
                                             const Snapshot* as_of) {
  SqlText sql(as_of);
  Compiler compiler(sql, grants);
  const auto state = StateAlias(sql, Walk::kByResource);
  sql << "SELECT r.type, r.id, " << state << ".version, " << state << ".last_updated, " << state << ".body";
  AppendResources(sql, Walk::kByResource);
  sql << " WHERE true";
  AppendResourcesCount(sql, Walk::kByResource);
  sql << " AND (r.type, r.id) IN (SELECT " << (include.reverse ? "f.type, f.id" : "f.target_type, f.target");
  sql << " FROM idx_reference f WHERE true";
  AppendCounts(sql, "f");
  // What refers to a resource may be of any type ("_revinclude=*"); what it refers to stands in rows of its own type.
  const auto source_type =
      include.reverse || include.source_type != fhir::metadata::kNoType ? include.source_type : type;
  if (source_type != fhir::metadata::kNoType) {
    sql << " AND f.type = " << TypeCode(source_type);
  }
  if (include.parameter != nullptr) {
    sql << " AND f.parameter = " << include.parameter->id;
  }
  std::vector<fhir::metadata::TypeId> result_types;
  if (include.reverse) {
    sql << " AND f.target_type = " << TypeCode(type);
    (sql << " AND f.target = ANY (").Bind(std::move(ids)) << "))";
    if (source_type != fhir::metadata::kNoType) {
      sql << " AND r.type = " << TypeCode(source_type);
      result_types.push_back(source_type);
    }
  } else {
    (sql << " AND f.id = ANY (").Bind(std::move(ids)) << ")";
    if (include.target_type != fhir::metadata::kNoType) {
      sql << " AND f.target_type = " << TypeCode(include.target_type);
      result_types.push_back(include.target_type);
    } else {
      sql << " AND f.target_type > 0";
    }
    sql << ")";
  }
  GW_TRY(compiler.AppendGrantedAnyType("r", result_types, adapters::port::kRead));
  (sql << " ORDER BY r.type, r.id LIMIT ").Bind(rows_max);
  return Finished(std::move(sql));
}

}  // namespace gateway::store::search_sql
