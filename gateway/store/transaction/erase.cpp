#include "gateway/store/transaction/erase.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/sql_text.hpp"
#include "gateway/store/transaction/contained_rows.hpp"
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

// $1 types, $2 ids of containers
constexpr pg::Statement kEraseContained{"erase_contained", R"sql(
DELETE FROM contained_resource c
 USING unnest($1::smallint[], $2::text[]) AS w(type, id)
 WHERE c.container_id = w.id AND c.container_type = w.type)sql"};

// $1 ids of Appointments
constexpr pg::Statement kEraseClaims{"erase_claims", R"sql(
DELETE FROM time_claim WHERE appointment_id = ANY ($1::text[]))sql"};

enum DoomedColumn : int { kDoomedType, kDoomedId, kDoomedVersion };

struct DoomedRow {
  std::int64_t type = 0;  // its code
  std::string id;
  std::int64_t version = 0;
};

fhir::metadata::TypeId TypeNamed(std::string_view name) {
  return fhir::metadata::Definitions::R4().FindType(name);
}

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
  // The law asks for the trail.
  (sql << " AND r.type <> " << TypeCode(TypeNamed("AuditEvent")) << " ORDER BY r.type, r.id, r.version LIMIT ")
          .Bind(static_cast<std::int64_t>(batch.rows_max))
      << " FOR UPDATE OF r";
  auto values = sql.TakeValues();
  return {sql.TakeText(), std::move(values)};
}

std::vector<DoomedRow> DoomedRows(const pg::Rows& rows) {
  std::vector<DoomedRow> doomed;
  doomed.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    doomed.push_back({rows[i].Int(kDoomedType), rows[i].String(kDoomedId), rows[i].Int(kDoomedVersion)});
  }
  return doomed;
}

// Values of elements as the writer of bodies has them: a quote inside a text has a backslash before it, so that no text
// looks like an element. Links to this server were made relative when they were written (links.cpp).
constexpr std::string_view kBytesPointedTo =
    R"re('"(?:reference|url|valueUrl|valueUri)":"Binary/([A-Za-z0-9.-]{1,64})(?:/_history/[A-Za-z0-9.-]{1,64})?"')re";

void AppendNotDoomed(SqlText& sql, std::string_view alias, const std::vector<DoomedRow>& doomed) {
  std::vector<std::int64_t> types;
  std::vector<std::string> ids;
  for (const DoomedRow& row : doomed) {
    types.push_back(row.type);
    ids.push_back(row.id);
  }
  sql << " AND (" << alias << ".type, " << alias << ".id) NOT IN (SELECT w.type::smallint, w.id FROM unnest(";
  sql.Bind(std::move(types)) << ", ";
  sql.Bind(std::move(ids)) << ") AS w(type, id))";
}

// Ids of the Binaries that versions of these resources point to.
search_sql::SearchStatement ChooseBytesPointedTo(const std::vector<DoomedRow>& doomed) {
  std::vector<std::int64_t> types;
  std::vector<std::string> ids;
  for (const DoomedRow& row : doomed) {
    types.push_back(row.type);
    ids.push_back(row.id);
  }
  SqlText sql;
  (sql << "SELECT DISTINCT m.found[1] FROM unnest(").Bind(std::move(types)) << ", ";
  sql.Bind(std::move(ids)) << ") AS w(type, id) JOIN resource_version v ON v.id = w.id AND v.type = w.type"
                              " AND NOT v.deleted CROSS JOIN LATERAL regexp_matches(convert_from(v.body, 'UTF8'), "
                           << kBytesPointedTo << ", 'g') AS m(found)";
  auto values = sql.TakeValues();
  return {sql.TakeText(), std::move(values)};
}

bool MayHoldAttachment(fhir::metadata::TypeId type, std::set<fhir::metadata::TypeId>& seen) {
  static const auto kAttachment = TypeNamed("Attachment");
  static const std::set kOpenEnded{TypeNamed("Extension"), TypeNamed("Resource")};
  const auto& definitions = fhir::metadata::Definitions::R4();
  return type == kAttachment || (!kOpenEnded.contains(type) && seen.insert(type).second &&
                                 std::ranges::any_of(definitions.Children(type), [&](const auto& child) {
                                   return MayHoldAttachment(child.type, seen);
                                 }));
}

// Those whose attachments no index shows: a look into their bodies is needed.
const std::vector<std::int64_t>& TypesWithAttachments() {
  static const std::vector<std::int64_t> kTypes = [] {
    std::vector<std::int64_t> types;
    for (const auto type : fhir::metadata::Definitions::R4().ResourceTypes()) {
      std::set<fhir::metadata::TypeId> seen;
      if (type != TypeNamed("DocumentReference") && MayHoldAttachment(type, seen)) {
        types.push_back(TypeCode(type));
      }
    }
    return types;
  }();
  return kTypes;
}

// Heads of those that nothing else needs, locked. What tells of a Binary (the trail, a Provenance) does not need it.
search_sql::SearchStatement ChooseDoomedBytes(std::vector<std::string> pointed_to, const std::vector<DoomedRow>& doomed,
                                              std::size_t rows_max) {
  const int binary = TypeCode(TypeNamed("Binary"));
  const auto letter = TypeNamed("DocumentReference");
  const auto* location = fhir::metadata::Definitions::R4().FindSearchParameter(letter, "location");
  SqlText sql;
  sql << "SELECT b.type, b.id, b.version FROM resource_version b WHERE b.closed_tx IS NULL AND b.type = " << binary;
  (sql << " AND b.id = ANY (").Bind(std::move(pointed_to)) << ")";
  sql << " AND NOT EXISTS (SELECT 1 FROM idx_reference f WHERE f.target = b.id AND f.target_type = " << binary
      << " AND f.closed_tx IS NULL AND f.type NOT IN (" << TypeCode(TypeNamed("AuditEvent")) << ", "
      << TypeCode(TypeNamed("Provenance")) << ")";
  AppendNotDoomed(sql, "f", doomed);
  // Of "Binary/1" and of "Binary/1/_history/…": '0' comes after '/'.
  sql << ") AND NOT EXISTS (SELECT 1 FROM idx_uri u WHERE u.closed_tx IS NULL AND u.parameter = " << location->id
      << " AND u.type = " << TypeCode(letter)
      << " AND (u.uri = 'Binary/' || b.id OR (u.uri > 'Binary/' || b.id || '/' AND u.uri < 'Binary/' || b.id || '0'))";
  AppendNotDoomed(sql, "u", doomed);
  sql << ") AND b.id NOT IN (SELECT m.found[1] FROM resource_version o"
         " CROSS JOIN LATERAL regexp_matches(convert_from(o.body, 'UTF8'), "
      << kBytesPointedTo << ", 'g') AS m(found) WHERE o.closed_tx IS NULL AND NOT o.deleted AND o.type = ANY (";
  sql.Bind(TypesWithAttachments()) << ") AND position('Binary/'::bytea IN o.body) > 0";
  AppendNotDoomed(sql, "o", doomed);
  (sql << ") ORDER BY b.id LIMIT ").Bind(static_cast<std::int64_t>(rows_max)) << " FOR UPDATE OF b";
  auto values = sql.TakeValues();
  return {sql.TakeText(), std::move(values)};
}

/// What the resources contain, as index rows name it.
fhir::Result<std::vector<ContainedKey>> ReadDoomedContained(Session& session, const std::vector<DoomedRow>& doomed) {
  std::vector<std::pair<std::int16_t, std::string>> containers;
  containers.reserve(doomed.size());
  for (const DoomedRow& row : doomed) {
    containers.emplace_back(static_cast<std::int16_t>(row.type), row.id);
  }
  return ReadContained(session, containers, true);
}

fhir::Result<std::vector<DoomedRow>> ReadDoomedBytes(Session& session, const std::vector<DoomedRow>& doomed,
                                                     const std::vector<ContainedKey>& contained, std::size_t rows_max) {
  GW_ASSIGN(const pg::Rows found, session.Read("choose_bytes", ChooseBytesPointedTo(doomed)));
  std::vector<std::string> pointed_to;
  pointed_to.reserve(static_cast<std::size_t>(found.size()));
  for (int i = 0; i < found.size(); ++i) {
    pointed_to.push_back(found[i].String(0));
  }
  if (pointed_to.empty()) {
    return std::vector<DoomedRow>();
  }
  std::vector<DoomedRow> all = doomed;  // what they contain needs the bytes as little as they do
  for (const ContainedKey& key : contained) {
    all.push_back({.type = key.first, .id = key.second});
  }
  GW_ASSIGN(const pg::Rows rows,
            session.Read("choose_doomed_bytes", ChooseDoomedBytes(std::move(pointed_to), all, rows_max)));
  return DoomedRows(rows);
}

}  // namespace

fhir::Result<ErasedRows> EraseBatch(Session& session, const ErasureBatch& batch) {
  ErasedRows erased;
  GW_ASSIGN(const pg::Rows chosen, session.Read("choose_doomed", ChooseDoomed(batch)));
  std::vector<DoomedRow> doomed = DoomedRows(chosen);
  erased.outcome.more = doomed.size() >= batch.rows_max;
  if (doomed.empty()) {
    return erased;
  }
  std::vector<ContainedKey> contained;
  if (batch.what != Erased::kPastVersions) {
    GW_ASSIGN(contained, ReadDoomedContained(session, doomed));
  }
  if (batch.with_bytes) {
    GW_ASSIGN(const std::vector<DoomedRow> bytes, ReadDoomedBytes(session, doomed, contained, batch.rows_max));
    if (bytes.size() >= batch.rows_max) {
      doomed = bytes;  // what points to them stays, to find the rest by
      contained.clear();
      erased.outcome.more = true;
    } else {
      doomed.insert(doomed.end(), bytes.begin(), bytes.end());
    }
  }
  const auto appointment = TypeCode(TypeNamed("Appointment"));
  pg::Array types(pg::ElementType::kInt2);
  pg::Array ids(pg::ElementType::kText);
  pg::Array versions(pg::ElementType::kInt8);
  pg::Array appointments(pg::ElementType::kText);
  for (const DoomedRow& row : doomed) {
    types.AddInt(row.type);
    ids.AddText(row.id);
    versions.AddInt(row.version);
    if (row.type == appointment) {
      appointments.AddText(row.id);
    }
    auto& resources = erased.resources;
    const auto type = TypeOfCode(row.type);
    if (resources.empty() || resources.back().type != type || resources.back().id != row.id) {
      resources.push_back({.effect = adapters::port::Effect::kDeleted,
                           .type = type,
                           .id = row.id,
                           .version = row.version,
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
  if (contained.empty()) {
    for (const pg::Statement& statement : kEraseIndexRows) {
      session.Write(statement, keys);
    }
  } else {
    session.Write(kEraseContained, keys);
    for (const ContainedKey& key : contained) {
      types.AddInt(key.first);
      ids.AddText(key.second);
    }
    pg::Parameters with_contained;
    with_contained.Add(types).Add(ids);
    for (const pg::Statement& statement : kEraseIndexRows) {
      session.Write(statement, with_contained);
    }
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
