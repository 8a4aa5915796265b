#include "gateway/store/search_sql/page.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/sort.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"
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
                                 const Grants& grants) {
  const Scope scope{.alias = "r", .type = query.type, .versions = true};
  sql << " WHERE ";
  compiler.AppendType("r", query.type);
  sql << " AND r.closed_tx IS NULL AND NOT r.deleted";
  GW_TRY(compiler.AppendCriteria(scope, query.criteria));
  GW_TRY(compiler.AppendGranted(scope, adapters::port::kSearch));
  if (!SearchMeansRead(grants, query.type)) {
    GW_TRY(compiler.AppendGranted(scope, adapters::port::kRead));
  }
  return {};
}

SearchStatement Finished(SqlText&& sql, std::uint64_t fingerprint = 0) {
  auto values = sql.TakeValues();
  return {sql.TakeText(), std::move(values), fingerprint};
}

}  // namespace

fhir::Result<SearchStatement> CompilePage(const fhir::search::Query& query, const Grants& grants, int rows_max,
                                          const CursorKey& key) {
  SqlText sql;
  Compiler compiler(sql, grants, query.types);
  GW_ASSIGN(const auto keys, PlanSort(query.sort, query.type == fhir::metadata::kNoType));
  sql << "SELECT r.type, r.id, r.version, r.last_updated, r.body";
  AppendSortColumns(sql, keys);
  sql << " FROM resource_version r";
  AppendSortJoins(sql, compiler, query.type, keys);
  GW_TRY(AppendMatches(sql, compiler, query, grants));
  const std::uint64_t fingerprint = Fingerprint(sql);
  if (query.cursor) {
    GW_ASSIGN(const Position position, ReadCursor(*query.cursor, fingerprint, key));
    if (position.keys.size() != keys.size()) {
      return fhir::Fail(fhir::ErrorCode::kInvalid, "The page link does not fit the query.");
    }
    AppendAfter(sql, keys, position);
  }
  AppendOrder(sql, keys);
  (sql << " LIMIT ").Bind(std::int64_t{rows_max});
  return Finished(std::move(sql), fingerprint);
}

fhir::Result<SearchStatement> CompileCount(const fhir::search::Query& query, const Grants& grants,
                                           std::int64_t matches_max) {
  SqlText sql;
  Compiler compiler(sql, grants, query.types);
  sql << "SELECT count(*) FROM (SELECT 1 FROM resource_version r";
  GW_TRY(AppendMatches(sql, compiler, query, grants));
  (sql << " LIMIT ").Bind(matches_max + 1) << ") m";
  return Finished(std::move(sql));
}

fhir::Result<SearchStatement> CompileIds(const fhir::search::Query& query, const Grants& grants, int rows_max) {
  SqlText sql;
  Compiler compiler(sql, grants);
  sql << "SELECT r.id FROM resource_version r";
  GW_TRY(AppendMatches(sql, compiler, query, grants));
  (sql << " ORDER BY r.id LIMIT ").Bind(std::int64_t{rows_max});
  return Finished(std::move(sql));
}

fhir::Result<SearchStatement> CompileInclude(const fhir::search::Include& include, fhir::metadata::TypeId type,
                                             std::vector<std::string> ids, const Grants& grants,
                                             std::int64_t rows_max) {
  SqlText sql;
  Compiler compiler(sql, grants);
  sql << "SELECT r.type, r.id, r.version, r.last_updated, r.body FROM resource_version r"
         " WHERE r.closed_tx IS NULL AND NOT r.deleted AND (r.type, r.id) IN (SELECT ";
  sql << (include.reverse ? "f.type, f.id" : "f.target_type, f.target");
  sql << " FROM idx_reference f WHERE f.closed_tx IS NULL";
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
