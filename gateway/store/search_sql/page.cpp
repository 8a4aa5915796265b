#include "gateway/store/search_sql/page.hpp"

#include <algorithm>

#include "fhir/search/answering_rows.hpp"
#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/contained_page.hpp"
#include "gateway/store/search_sql/fingerprint.hpp"
#include "gateway/store/search_sql/key_walk.hpp"
#include "gateway/store/search_sql/matches.hpp"
#include "gateway/store/search_sql/sort.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using adapters::port::Grants;

// " WHERE …" of the matches that the actor may see.
fhir::Result<void> AppendMatches(SqlText& sql, Compiler& compiler, const fhir::search::Query& query,
                                 const Grants& grants, Walk walk) {
  const Scope scope{.alias = "r", .type = query.type, .versions = true};
  sql << " WHERE ";
  compiler.AppendType("r", query.type);
  AppendResourcesCount(sql, walk);
  GW_TRY(compiler.AppendCriteria(scope, query.criteria));
  return AppendMayFind(compiler, scope, grants);
}

SearchStatement Finished(SqlText&& sql, bool plan_by_values = false) {
  auto values = sql.TakeValues();
  return {sql.TakeText(), std::move(values), plan_by_values};
}

bool SortsByTime(const fhir::search::Query& query) {
  return std::any_of(query.sort.begin(), query.sort.end(), [](const auto& sort) { return sort.parameter == nullptr; });
}

// kPageSnapshot and kPageLinked.
void AppendState(SqlText& sql, const NamedPatients* patients) {
  sql << (sql.as_of() == nullptr ? "(SELECT pg_current_snapshot()::text), " : "NULL::text, ");
  if (patients == nullptr) {
    sql << "false";
  } else {
    AppendIsLinked(sql, *patients);
  }
}

fhir::Result<void> CheckFits(const SortOrder& order, const PagePlace& place) {
  if (place.position != nullptr && place.position->keys.size() != order.keys.size()) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "The page link does not fit the query.");
  }
  return {};
}

// A page along resources: each is asked the criteria.
fhir::Result<void> AppendResourcesPage(SqlText& sql, const fhir::search::Query& query, const Grants& grants,
                                       int rows_max, const PagePlace& place, const NamedPatients* patients) {
  GW_ASSIGN(const auto order, PlanSort(query.sort, "r", query.type == fhir::metadata::kNoType));
  GW_TRY(CheckFits(order, place));
  const Walk walk = SortsByTime(query) ? Walk::kByLastUpdated : Walk::kByResource;
  const auto state = StateAlias(sql, walk);
  Compiler compiler(sql, grants, query.types);
  if (order.keys.empty() && place.position != nullptr) {
    compiler.WalkFrom("r", place.position->id, place.direction);
  }
  sql << "SELECT r.type, r.id, " << state << ".version, " << state << ".last_updated, " << state << ".body, ";
  AppendState(sql, patients);
  AppendSortColumns(sql, order);
  AppendResources(sql, walk);
  AppendSortJoins(sql, compiler, query.type, order);
  GW_TRY(AppendMatches(sql, compiler, query, grants, walk));
  if (place.position != nullptr) {
    AppendBeyond(sql, order, *place.position, place.direction);
  }
  AppendOrder(sql, order, place.direction);
  (sql << " LIMIT ").Bind(std::int64_t{rows_max});
  return {};
}

// A page of ids and sort keys, found in indexes alone, and then its bodies. Without a lead, along the sort keys.
fhir::Result<void> AppendIdsPage(SqlText& sql, const fhir::search::Query& query, const Grants& grants,
                                 const std::optional<Lead>& lead, int rows_max, const PagePlace& place,
                                 const NamedPatients* patients) {
  GW_ASSIGN(const auto order, PlanSort(query.sort, "m"));
  GW_TRY(CheckFits(order, place));
  std::optional<KeyWalk> walk;
  if (WalksKeys(query, lead)) {
    walk.emplace(sql, query, grants, lead, order.keys[0], place, rows_max);
    GW_TRY(walk->AppendFirstPart());
  }
  sql << "SELECT r.type, r.id, r.version, r.last_updated, r.body, ";
  AppendState(sql, patients);
  AppendSortColumns(sql, order);
  sql << " FROM (";
  if (walk) {
    GW_TRY(walk->AppendRows());
  } else if (order.keys.empty()) {
    const IdWindow window{.from = place.position != nullptr ? &place.position->id : nullptr,
                          .direction = place.direction,
                          .rows_max = rows_max};
    GW_TRY(AppendMatchingIds(sql, query, grants, *lead, &window));
  } else {
    Compiler compiler(sql, grants);
    sql << "SELECT m.id";
    AppendSortValues(sql, order);
    sql << " FROM (";
    GW_TRY(AppendMatchingIds(sql, query, grants, *lead, nullptr));
    sql << ") m";
    AppendSortJoins(sql, compiler, query.type, order);
    sql << " WHERE true";
    if (place.position != nullptr) {
      AppendBeyond(sql, order, *place.position, place.direction);
    }
    AppendOrder(sql, order, place.direction);
    (sql << " LIMIT ").Bind(std::int64_t{rows_max});
  }
  // OFFSET keeps the server to one look-up for each id, however many it expects.
  const auto state = StateAlias(sql, Walk::kByResource);
  sql << ") m CROSS JOIN LATERAL (SELECT r.type, r.id, " << state << ".version, " << state << ".last_updated, " << state
      << ".body";
  AppendResources(sql, Walk::kByResource);
  sql << " WHERE r.type = " << TypeCode(query.type) << " AND r.id = m.id";
  AppendResourcesCount(sql, Walk::kByResource);
  sql << " OFFSET 0) r";
  AppendOrder(sql, order, place.direction);
  if (walk) {
    (sql << " LIMIT ").Bind(std::int64_t{rows_max});
  }
  return {};
}

}  // namespace

fhir::Result<SearchStatement> CompilePage(const fhir::search::Query& query, const Grants& grants, int rows_max,
                                          const PagePlace& place, const NamedPatients* patients) {
  if (query.contained != fhir::search::Contained::kFalse) {
    return CompileContainedPage(query, grants, rows_max, place, patients);
  }
  SqlText sql(place.as_of);
  // By time, an index of resource_version gives the order.
  const auto lead = SortsByTime(query) ? std::nullopt : LeadOf(query, grants);
  const bool walks_keys = WalksKeys(query, lead);
  if (lead || walks_keys) {
    GW_TRY(AppendIdsPage(sql, query, grants, lead, rows_max, place, patients));
  } else {
    GW_TRY(AppendResourcesPage(sql, query, grants, rows_max, place, patients));
  }
  return Finished(std::move(sql), lead && (walks_keys || !lead->settled));
}

fhir::Result<std::string> PageFingerprint(const fhir::search::Query& query, const Grants& grants) {
  GW_ASSIGN(const auto page, CompilePage(query, grants, 0));
  return Fingerprint(page.text, page.values);
}

fhir::Result<SearchStatement> CompileCount(const fhir::search::Query& query, const Grants& grants,
                                           std::int64_t matches_max, const Snapshot* as_of) {
  if (query.contained != fhir::search::Contained::kFalse) {
    return CompileContainedCount(query, grants, matches_max, as_of);
  }
  SqlText sql(as_of);
  sql << "SELECT count(*) FROM (";
  const auto lead = LeadOf(query, grants);
  if (lead) {
    GW_TRY(AppendMatchingIds(sql, query, grants, *lead, nullptr));
  } else {
    Compiler compiler(sql, grants, query.types);
    sql << "SELECT 1";
    AppendResources(sql, Walk::kByResource);
    GW_TRY(AppendMatches(sql, compiler, query, grants, Walk::kByResource));
  }
  (sql << " LIMIT ").Bind(matches_max + 1) << ") c";
  return Finished(std::move(sql), lead && !lead->settled);
}

fhir::Result<SearchStatement> CompileEstimate(const fhir::search::Query& query, const Grants& grants,
                                              const Snapshot* as_of) {
  if (query.contained != fhir::search::Contained::kFalse) {
    return CompileContainedEstimate(query, grants, as_of);
  }
  SqlText sql(as_of);
  Compiler compiler(sql, grants, query.types);
  sql << "EXPLAIN SELECT 1";
  AppendResources(sql, Walk::kByResource);
  GW_TRY(AppendMatches(sql, compiler, query, grants, Walk::kByResource));
  return Finished(std::move(sql));
}

fhir::Result<SearchStatement> CompileIds(const fhir::search::Query& query, const Grants& grants, int rows_max) {
  SqlText sql;
  const auto lead = LeadOf(query, grants);
  if (lead) {
    const IdWindow window{.rows_max = rows_max};
    GW_TRY(AppendMatchingIds(sql, query, grants, *lead, &window));
  } else {
    Compiler compiler(sql, grants);
    sql << "SELECT r.id";
    AppendResources(sql, Walk::kByResource);
    GW_TRY(AppendMatches(sql, compiler, query, grants, Walk::kByResource));
    (sql << " ORDER BY r.id LIMIT ").Bind(std::int64_t{rows_max});
  }
  return Finished(std::move(sql), lead && !lead->settled);
}

fhir::Result<SearchStatement> CompileInclude(const fhir::search::Include& include, fhir::metadata::TypeId type,
                                             std::vector<std::string> ids, const Grants& grants, std::int64_t rows_max,
                                             const Snapshot* as_of, Rows sources) {
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
    sql << " AND f.type = " << (sources == Rows::kContained ? -TypeCode(source_type) : TypeCode(source_type));
  }
  if (include.parameter != nullptr) {
    const auto rows = fhir::search::RowsAnswering(source_type, include.parameter->id, include.parameter->type);
    std::string_view separator = " AND f.parameter IN (";
    for (const std::uint16_t parameter : rows.parameters) {
      sql << separator << parameter;
      separator = ", ";
    }
    sql << ")";
    AppendLeadsTo(sql, "f", rows.target);
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
