#include "gateway/store/search_sql/history.hpp"

#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/index_text.hpp"
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
    // A version was current from its own time until the next one's; versions have no gaps.
    (sql << " AND v.last_updated < ").Bind(query.at->high_us);
    (sql << " AND NOT EXISTS (SELECT 1 FROM resource_version n WHERE n.id = v.id AND n.type = v.type"
            " AND n.version = v.version + 1 AND n.last_updated <= ")
            .Bind(query.at->low_us)
        << ")";
  }
  if (!grants.unrestricted) {
    Compiler compiler(sql, grants);
    const std::string head = sql.NewAlias();
    sql << " AND EXISTS (SELECT 1 FROM resource_version " << head << " WHERE " << head << ".type = v.type AND " << head
        << ".id = v.id AND " << head << ".closed_tx IS NULL AND NOT " << head << ".deleted";
    GW_TRY(compiler.AppendGranted({.alias = head, .type = type, .versions = true}, adapters::port::kRead));
    sql << ")";
  }
  return {};
}

SearchStatement FinishedHistory(SqlText&& sql, std::uint64_t fingerprint) {
  auto values = sql.TakeValues();
  return {sql.TakeText(), std::move(values), fingerprint};
}

void AppendAfterVersion(SqlText& sql, fhir::metadata::TypeId type, const Position& position, bool oldest_first) {
  // (last_updated, type, id, version) strictly behind the position, in descending time, ascending type and id,
  // descending version; with the oldest first, time and version ascend.
  const char* const behind = oldest_first ? ">" : "<";
  const auto at = [&](std::size_t i) { return position.keys[i].value_or("0"); };
  const int code = TypeCode(type);
  (sql << " AND v.last_updated " << behind << "= ").Bind(at(0)) << "::bigint AND (v.last_updated " << behind << " ";
  sql.Bind(at(0)) << "::bigint OR ";
  sql << code << " > ";
  sql.Bind(at(1)) << "::bigint OR (" << code << " = ";
  sql.Bind(at(1)) << "::bigint AND (v.id > ";
  sql.Bind(position.id) << " OR (v.id = ";
  sql.Bind(position.id) << " AND v.version " << behind << " ";
  sql.Bind(at(2)) << "::bigint))))";
}

}  // namespace

Position HistoryPosition(std::int64_t last_updated_us, fhir::metadata::TypeId type, std::string_view id,
                         std::int64_t version) {
  return {{std::to_string(last_updated_us), std::to_string(TypeCode(type)), std::to_string(version)}, std::string(id)};
}

fhir::Result<SearchStatement> CompileHistory(const adapters::port::HistoryQuery& query,
                                             const adapters::port::Grants& grants, int rows_max, const CursorKey& key) {
  const auto types = HistoryTypes(query, grants);
  SqlText asked;  // what the cursor is bound to: the query without a position
  for (const auto type : types) {
    GW_TRY(AppendVersions(asked, query, grants, type));
  }
  if (query.oldest_first) {
    asked << " ascending";
  }
  const std::uint64_t fingerprint = Fingerprint(asked);
  const char* const order = query.oldest_first ? "" : " DESC";
  std::optional<Position> position;
  if (!query.cursor.empty()) {
    GW_ASSIGN(position, ReadCursor(query.cursor, fingerprint, key));
    if (position->keys.size() != 3) {
      return fhir::Fail(fhir::ErrorCode::kInvalid, "The page link does not fit the query.");
    }
  }
  SqlText sql;
  sql << "SELECT h.type, h.id, h.version, h.last_updated, h.deleted, h.body FROM (";
  bool first = true;
  for (const auto type : types) {
    sql << (first ? "(" : " UNION ALL (");
    first = false;
    sql << "SELECT v.type, v.id, v.version, v.last_updated, v.deleted, v.body";
    GW_TRY(AppendVersions(sql, query, grants, type));
    if (position) {
      AppendAfterVersion(sql, type, *position, query.oldest_first);
    }
    (sql << " ORDER BY v.last_updated" << order << ", v.id, v.version" << order << " LIMIT ")
            .Bind(std::int64_t{rows_max})
        << ")";
  }
  if (first) {
    sql << "SELECT 0::smallint AS type, '' AS id, 0::bigint AS version, 0::bigint AS last_updated, false AS deleted,"
           " NULL::bytea AS body WHERE false";
  }
  (sql << ") h ORDER BY h.last_updated" << order << ", h.type, h.id, h.version" << order << " LIMIT ")
      .Bind(std::int64_t{rows_max});
  return FinishedHistory(std::move(sql), fingerprint);
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
  return FinishedHistory(std::move(sql), 0);
}

}  // namespace gateway::store::search_sql
