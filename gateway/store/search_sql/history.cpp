#include "gateway/store/search_sql/history.hpp"

#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/fingerprint.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

std::vector<fhir::metadata::TypeId> HistoryTypes(const adapters::port::HistoryQuery& query,
                                                 const adapters::port::Grants& grants) {
  std::vector<fhir::metadata::TypeId> types;
  if (query.type != fhir::metadata::kNoType) {
    types.push_back(query.type);
    return types;
  }
  for (const auto type : fhir::metadata::Definitions::R4().ResourceTypes()) {
    if (grants.unrestricted || grants.by_type.contains(type)) {
      types.push_back(type);
    }
  }
  return types;
}

fhir::Result<void> AppendVersions(SqlText& sql, const adapters::port::HistoryQuery& query,
                                  const adapters::port::Grants& grants, fhir::metadata::TypeId type) {
  sql << " FROM resource_version v WHERE v.type = " << TypeCode(type);
  if (!query.id.empty()) {
    (sql << " AND v.id = ").Bind(EqualityText(query.id));
  }
  if (query.since_us) {
    (sql << " AND v.last_updated >= ").Bind(*query.since_us);
  }
  if (query.at) {
    // A version was current from its own time until that of the next one that there is: an erasure leaves gaps.
    (sql << " AND v.last_updated < ").Bind(query.at->high_us);
    (sql << " AND coalesce((SELECT n.last_updated FROM resource_version n WHERE n.id = v.id AND n.type = v.type"
            " AND n.version > v.version ORDER BY n.id, n.type, n.version LIMIT 1) > ")
            .Bind(query.at->low_us)
        << ", true)";
  }
  AppendVersionWritten(sql, "v");
  if (!grants.unrestricted) {
    Compiler compiler(sql, grants);
    const std::string head = sql.NewAlias();
    sql << " AND EXISTS (SELECT 1 FROM resource_version " << head << " WHERE " << head << ".type = v.type AND " << head
        << ".id = v.id";
    AppendCounts(sql, head);
    sql << " AND NOT " << head << ".deleted";
    GW_TRY(compiler.AppendGranted({.alias = head, .type = type, .versions = true}, adapters::port::kRead));
    sql << ")";
  }
  return {};
}

SearchStatement FinishedHistory(SqlText&& sql) {
  auto values = sql.TakeValues();
  return {sql.TakeText(), std::move(values)};
}

// The order is (last_updated, type, id, version): descending time, ascending type and id, descending version; with the
// oldest first, time and version ascend.
void AppendBeyondVersion(SqlText& sql, fhir::metadata::TypeId type, const Position& position, Direction direction,
                         bool oldest_first) {
  const auto at = [&](std::size_t i) { return position.keys[i].value_or("0"); };
  const bool after = direction == Direction::kAfter;
  const std::string_view behind = after != oldest_first ? " <" : " >";
  const std::string_view more = after ? " > " : " < ";
  const int code = TypeCode(type);
  (sql << " AND v.last_updated" << behind << "= ").Bind(at(0)) << "::bigint AND (v.last_updated" << behind << " ";
  sql.Bind(at(0)) << "::bigint OR ";
  sql << code << more;
  sql.Bind(at(1)) << "::bigint OR (" << code << " = ";
  sql.Bind(at(1)) << "::bigint AND (v.id" << more;
  sql.Bind(position.id) << " OR (v.id = ";
  sql.Bind(position.id) << " AND v.version" << behind << " ";
  sql.Bind(at(2)) << "::bigint))))";
}

}  // namespace

Position HistoryPosition(std::int64_t last_updated_us, fhir::metadata::TypeId type, std::string_view id,
                         std::int64_t version) {
  return {{std::to_string(last_updated_us), std::to_string(TypeCode(type)), std::to_string(version)}, std::string(id)};
}

fhir::Result<SearchStatement> CompileHistory(const adapters::port::HistoryQuery& query,
                                             const adapters::port::Grants& grants, int rows_max,
                                             const PagePlace& place) {
  if (place.position != nullptr && place.position->keys.size() != 3) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "The page link does not fit the query.");
  }
  const bool after = place.direction == Direction::kAfter;
  // Of time and version, and of type and id.
  const std::string_view newest = after != query.oldest_first ? " DESC" : "";
  const std::string_view ties = after ? "" : " DESC";
  SqlText sql(place.as_of);
  sql << "SELECT h.type, h.id, h.version, h.last_updated, h.deleted, h.body, "
      << (sql.as_of() == nullptr ? "(SELECT pg_current_snapshot()::text)" : "NULL::text") << " FROM (";
  bool first = true;
  for (const auto type : HistoryTypes(query, grants)) {
    sql << (first ? "(" : " UNION ALL (");
    first = false;
    sql << "SELECT v.type, v.id, v.version, v.last_updated, v.deleted, v.body";
    GW_TRY(AppendVersions(sql, query, grants, type));
    if (place.position != nullptr) {
      AppendBeyondVersion(sql, type, *place.position, place.direction, query.oldest_first);
    }
    sql << " ORDER BY v.last_updated" << newest << ", v.id" << ties << ", v.version" << newest << " LIMIT ";
    sql.Bind(std::int64_t{rows_max}) << ")";
  }
  if (first) {
    sql << "SELECT 0::smallint AS type, '' AS id, 0::bigint AS version, 0::bigint AS last_updated, false AS deleted,"
           " NULL::bytea AS body WHERE false";
  }
  sql << ") h ORDER BY h.last_updated" << newest << ", h.type" << ties << ", h.id" << ties << ", h.version" << newest
      << " LIMIT ";
  sql.Bind(std::int64_t{rows_max});
  return FinishedHistory(std::move(sql));
}

fhir::Result<std::string> HistoryFingerprint(const adapters::port::HistoryQuery& query,
                                             const adapters::port::Grants& grants) {
  SqlText asked;
  asked << (query.oldest_first ? "history ascending" : "history");
  for (const auto type : HistoryTypes(query, grants)) {
    GW_TRY(AppendVersions(asked, query, grants, type));
  }
  return Fingerprint(asked.text(), asked.values());
}

fhir::Result<SearchStatement> CompileHistoryCount(const adapters::port::HistoryQuery& query,
                                                  const adapters::port::Grants& grants, std::int64_t versions_max) {
  SqlText sql;
  sql << "SELECT count(*) FROM (SELECT 1 FROM (SELECT 1 WHERE false";
  for (const auto type : HistoryTypes(query, grants)) {
    sql << " UNION ALL SELECT 1";
    GW_TRY(AppendVersions(sql, query, grants, type));
  }
  (sql << ") v LIMIT ").Bind(versions_max + 1) << ") m";
  return FinishedHistory(std::move(sql));
}

}  // namespace gateway::store::search_sql
