#include "gateway/store/transaction/versions.hpp"

#include <algorithm>

#include "gateway/store/pg/array.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::transaction {
namespace {

constexpr int kLockRoundsMax = 200;
constexpr std::size_t kVersionsPerStatement = 1000;

// Joins with what is wanted take `LIMIT cardinality` of it: without it, a plan that is kept counts on ten rows, a plan
// for the values at hand on the one or two there are, so that the latter looks cheaper and the server plans anew each
// time (half of the statement's time). A limit that is not known counts for a tenth: one row, an index scan for each.

// $1 types (int2[]), $2 ids (text[])
constexpr pg::Statement kSelectHeads{"select_heads", R"sql(
SELECT r.type, r.id, r.version, r.last_updated, r.deleted, r.body
  FROM (SELECT * FROM unnest($1::smallint[], $2::text[]) LIMIT cardinality($2::text[])) AS w(type, id)
  JOIN resource_version r ON r.type = w.type AND r.id = w.id AND r.closed_tx IS NULL)sql"};

// The same, locked in the order of (type, id). A head that another transaction replaces meanwhile drops out. Who refers
// to one (reference_check.cpp) does not wait for its update.
constexpr pg::Statement kLockHeads{"lock_heads", R"sql(
SELECT r.type, r.id, r.version, r.last_updated, r.deleted, r.body
  FROM (SELECT * FROM unnest($1::smallint[], $2::text[]) LIMIT cardinality($2::text[])) AS w(type, id)
  JOIN resource_version r ON r.type = w.type AND r.id = w.id AND r.closed_tx IS NULL
 ORDER BY r.type, r.id
   FOR NO KEY UPDATE OF r)sql"};

// $1 types, $2 ids, $3 versions that were current
constexpr pg::Statement kCloseVersions{"close_versions", R"sql(
UPDATE resource_version r
   SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::smallint[], $2::text[], $3::bigint[]) LIMIT cardinality($2::text[]))
    AS w(type, id, version)
 WHERE r.type = w.type AND r.id = w.id AND r.version = w.version AND r.closed_tx IS NULL)sql"};

// $1 id, $2 type, $3 version, $4 last_updated, $5 deleted, $6 body
constexpr pg::Statement kInsertVersion{"insert_version", R"sql(
INSERT INTO resource_version (id, type, version, last_updated, deleted, body)
VALUES ($1::text, $2::smallint, $3::bigint, $4::bigint, $5::boolean, $6::bytea))sql"};

// arrays: $1 times, $2 ids, $3 types, $4 versions, $5 deleted, $6 bodies
constexpr pg::Statement kInsertVersions{"insert_versions", R"sql(
INSERT INTO resource_version (id, type, version, last_updated, deleted, body)
SELECT w.id, w.type, w.version, w.last_updated, w.deleted, w.body
  FROM unnest($1::bigint[], $2::text[], $3::smallint[], $4::bigint[], $5::boolean[], $6::bytea[])
    AS w(last_updated, id, type, version, deleted, body))sql"};

pg::Parameters KeyParameters(std::span<const ResourceKey> keys) {
  pg::Array types(pg::ElementType::kInt2);
  pg::Array ids(pg::ElementType::kText);
  for (const auto& [type, id] : keys) {
    types.AddInt(type);
    ids.AddText(id);
  }
  pg::Parameters parameters;
  parameters.Add(types).Add(ids);
  return parameters;
}

void CollectHeads(const pg::Rows& rows, Heads& heads) {
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    adapters::port::StoredResource head;
    head.type = TypeOfCode(row.Int(0));
    head.id = row.String(1);
    head.version = row.Int(2);
    head.last_updated_us = row.Int(3);
    head.deleted = row.Bool(4);
    head.body = row.String(5);
    ResourceKey key(static_cast<std::int16_t>(row.Int(0)), head.id);
    heads.insert_or_assign(std::move(key), std::move(head));
  }
}

}  // namespace

fhir::Result<Heads> ReadHeads(Session& session, const std::vector<ResourceKey>& keys) {
  Heads heads;
  if (!keys.empty()) {
    GW_ASSIGN(const auto rows, session.Read(kSelectHeads, KeyParameters(keys)));
    CollectHeads(rows, heads);
  }
  return heads;
}

fhir::Result<CurrentHeads> LockAndReadHeads(Session& session, const std::vector<ResourceKey>& locked,
                                            const std::vector<ResourceKey>& read) {
  CurrentHeads heads;
  if (locked.empty()) {
    GW_ASSIGN(heads.read, ReadHeads(session, read));
    return heads;
  }
  std::vector<ResourceKey> wanted = locked;
  for (int round = 0; round < kLockRoundsMax; ++round) {
    if (round == 0 && !read.empty()) {
      GW_ASSIGN(const auto both, session.ReadTwo(kLockHeads, KeyParameters(wanted), kSelectHeads, KeyParameters(read)));
      CollectHeads(both.first, heads.locked);
      CollectHeads(both.second, heads.read);
    } else {
      GW_ASSIGN(const auto rows, session.Read(kLockHeads, KeyParameters(wanted)));
      CollectHeads(rows, heads.locked);
    }
    std::erase_if(wanted, [&](const ResourceKey& key) { return heads.locked.contains(key); });
    if (wanted.empty()) {
      return heads;
    }
    // Absent, or replaced by another transaction while this one waited: then the new head is there to see.
    GW_ASSIGN(const auto contended, ReadHeads(session, wanted));
    std::erase_if(wanted, [&](const ResourceKey& key) { return !contended.contains(key); });
    if (wanted.empty()) {
      return heads;
    }
  }
  return fhir::Fail(fhir::ErrorCode::kConflict, {"The resource is being changed by too many others."},
                    {"a head could not be locked"}, fhir::Retry::kLater);
}

void WriteVersions(Session& session, std::span<const NewVersion> versions) {
  for (std::size_t from = 0; from < versions.size(); from += kVersionsPerStatement) {
    const auto part = versions.subspan(from, std::min(kVersionsPerStatement, versions.size() - from));
    pg::Array closed_types(pg::ElementType::kInt2);
    pg::Array closed_ids(pg::ElementType::kText);
    pg::Array closed_versions(pg::ElementType::kInt8);
    for (const auto& version : part) {
      if (version.version > 1) {
        closed_types.AddInt(version.type);
        closed_ids.AddText(version.id);
        closed_versions.AddInt(version.version - 1);
      }
    }
    if (closed_ids.size() > 0) {
      pg::Parameters parameters;
      parameters.Add(closed_types).Add(closed_ids).Add(closed_versions);
      session.Write(kCloseVersions, parameters);
    }
    if (part.size() == 1) {
      const auto& version = part.front();
      pg::Parameters parameters;
      parameters.Text(version.id)
          .Int(version.type)
          .Int(version.version)
          .Int(version.last_updated_us)
          .Bool(version.deleted);
      version.deleted ? parameters.Null() : parameters.Bytes(version.body);
      session.Write(kInsertVersion, parameters);
      continue;
    }
    pg::Array times(pg::ElementType::kInt8);
    pg::Array ids(pg::ElementType::kText);
    pg::Array types(pg::ElementType::kInt2);
    pg::Array numbers(pg::ElementType::kInt8);
    pg::Array deleted(pg::ElementType::kBool);
    pg::Array bodies(pg::ElementType::kBytea);
    for (const auto& version : part) {
      times.AddInt(version.last_updated_us);
      ids.AddText(version.id);
      types.AddInt(version.type);
      numbers.AddInt(version.version);
      deleted.AddBool(version.deleted);
      if (version.deleted) {
        bodies.AddNull();
      } else {
        bodies.AddText(version.body);
      }
    }
    pg::Parameters parameters;
    parameters.Add(times).Add(ids).Add(types).Add(numbers).Add(deleted).Add(bodies);
    session.Write(kInsertVersions, parameters);
  }
}

}  // namespace gateway::store::transaction
