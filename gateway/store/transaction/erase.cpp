#include "gateway/store/transaction/erase.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/sql_text.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::transaction {
namespace {

using adapters::port::Erased;
using adapters::port::ErasureBatch;
using search_sql::SqlText;

// $1 types (int2[]), $2 ids (text[]), $3 versions (int8[])
constexpr pg::Statement kEraseVersions{"erase_versions", R"sql(
DELETE FROM resource_version r
 USING unnest($1::smallint[], $2::text[], $3::bigint[]) AS w(type, id, version)
 WHERE r.id = w.id AND r.type = w.type AND r.version = w.version)sql"};

// $1 types, $2 ids: all versions
constexpr pg::Statement kEraseResources{"erase_resources", R"sql(
DELETE FROM resource_version r
 USING unnest($1::smallint[], $2::text[]) AS w(type, id)
 WHERE r.id = w.id AND r.type = w.type)sql"};

// $1 types, $2 ids: rows that pages of a walk still show as well
#define GW_ERASE_INDEX(table)                                                      \
  pg::Statement{"erase_" table, "DELETE FROM " table                               \
                                " i USING unnest($1::smallint[], $2::text[]) AS w" \
                                "(type, id) WHERE i.id = w.id AND i.type = w.type"}
constexpr pg::Statement kEraseIndexRows[] = {
    GW_ERASE_INDEX("idx_string"),   GW_ERASE_INDEX("idx_token"),     GW_ERASE_INDEX("idx_reference"),
    GW_ERASE_INDEX("idx_date"),     GW_ERASE_INDEX("idx_number"),    GW_ERASE_INDEX("idx_quantity"),
    GW_ERASE_INDEX("idx_uri"),      GW_ERASE_INDEX("idx_composite"), GW_ERASE_INDEX("idx_text"),
    GW_ERASE_INDEX("idx_position"),
};
#undef GW_ERASE_INDEX

// $1 ids of Appointments
constexpr pg::Statement kEraseClaims{"erase_claims", R"sql(
DELETE FROM time_claim WHERE appointment_id = ANY ($1::text[]))sql"};

enum DoomedColumn : int { kDoomedType, kDoomedId, kDoomedVersion };

// The rows of the batch: versions that are past, or heads, locked.
search_sql::SearchStatement ChooseDoomed(const ErasureBatch& batch) {
  SqlText sql;
  const bool past = batch.what == Erased::kPastVersions;
  sql << "SELECT r.type, r.id, r.version FROM resource_version r WHERE r.closed_tx IS " << (past ? "NOT NULL" : "NULL");
  if (batch.what == Erased::kDeletedResources) {
    sql << " AND r.deleted";
  }
  if (!batch.keys.empty()) {
    std::vector<std::int64_t> types;
    std::vector<std::string> ids;
    for (const auto& [type, id] : batch.keys) {
      types.push_back(TypeCode(type));
      ids.push_back(search_sql::EqualityText(id));
    }
    (sql << " AND (r.type, r.id) IN (SELECT w.type::smallint, w.id FROM unnest(").Bind(std::move(types)) << ", ";
    sql.Bind(std::move(ids)) << ") AS w(type, id))";
  } else if (!batch.types.empty()) {
    std::vector<std::int64_t> types;
    types.reserve(batch.types.size());
    for (const auto type : batch.types) {
      types.push_back(TypeCode(type));
    }
    (sql << " AND r.type = ANY (").Bind(std::move(types)) << ")";
  }
  if (batch.version) {
    (sql << " AND r.version = ").Bind(*batch.version);
  }
  if (!batch.mentioning.empty()) {
    sql << " AND EXISTS (SELECT 1 FROM resource_version v WHERE v.id = r.id AND v.type = r.type AND NOT v.deleted"
           " AND position(";
    // As the writer of bodies quotes it; a longer id that begins alike is another one.
    sql.Bind(fmt::format("\"{}\"", batch.mentioning)) << " IN convert_from(v.body, 'UTF8')) > 0)";
  }
  (sql << " ORDER BY r.type, r.id, r.version LIMIT ").Bind(static_cast<std::int64_t>(batch.rows_max))
      << " FOR UPDATE OF r";
  auto values = sql.TakeValues();
  return {sql.TakeText(), std::move(values)};
}

}  // namespace

fhir::Result<ErasedRows> EraseBatch(Session& session, const ErasureBatch& batch) {
  ErasedRows erased;
  GW_ASSIGN(const pg::Rows doomed, session.Read("choose_doomed", ChooseDoomed(batch)));
  erased.outcome.more = static_cast<std::size_t>(doomed.size()) >= batch.rows_max;
  if (doomed.empty()) {
    return erased;
  }
  const auto appointment = TypeCode(fhir::metadata::Definitions::R4().FindType("Appointment"));
  pg::Array types(pg::ElementType::kInt2);
  pg::Array ids(pg::ElementType::kText);
  pg::Array versions(pg::ElementType::kInt8);
  pg::Array appointments(pg::ElementType::kText);
  for (int i = 0; i < doomed.size(); ++i) {
    const pg::Row row = doomed[i];
    types.AddInt(row.Int(kDoomedType));
    ids.AddText(row.Text(kDoomedId));
    versions.AddInt(row.Int(kDoomedVersion));
    if (row.Int(kDoomedType) == appointment) {
      appointments.AddText(row.Text(kDoomedId));
    }
    auto& resources = erased.resources;
    const auto type = TypeOfCode(row.Int(kDoomedType));
    if (resources.empty() || resources.back().type != type || resources.back().id != row.Text(kDoomedId)) {
      resources.push_back({.effect = adapters::port::Effect::kDeleted,
                           .type = type,
                           .id = row.String(kDoomedId),
                           .version = row.Int(kDoomedVersion),
                           .by_reaction = false});
    }
  }
  erased.outcome.resources = static_cast<std::int64_t>(erased.resources.size());
  pg::Parameters keys;
  keys.Add(types).Add(ids);
  if (batch.what == Erased::kPastVersions) {
    pg::Parameters rows = keys;
    rows.Add(versions);
    GW_ASSIGN(const pg::Rows gone, session.Read(kEraseVersions, rows));
    erased.outcome.versions = gone.affected();
    return erased;
  }
  for (const pg::Statement& statement : kEraseIndexRows) {
    session.Write(statement, keys);
  }
  if (appointments.size() > 0) {
    pg::Parameters claims;
    claims.Add(appointments);
    session.Write(kEraseClaims, claims);
  }
  GW_ASSIGN(const pg::Rows gone, session.Read(kEraseResources, keys));
  erased.outcome.versions = gone.affected();
  return erased;
}

}  // namespace gateway::store::transaction
