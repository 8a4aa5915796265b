#include "gateway/store/history_pruning.hpp"

#include <algorithm>
#include <chrono>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "fhir/json/value.hpp"
#include "fhir/metadata/definitions.hpp"
#include "gateway/store/pg/transaction.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store {
namespace {

using adapters::port::JobStep;
using fhir::json::Value;
using fhir::metadata::Definitions;

// "GWPRUNEH" in ASCII.
constexpr pg::Statement kLockPasses{"lock_history_passes", "SELECT pg_advisory_xact_lock(5140665814215443784)"};

// $1 id, $2 kind, $3 owner kind, $4 parameters, $5 milliseconds until the job is forgotten
constexpr pg::Statement kInsertPass{"insert_history_pass", R"sql(
INSERT INTO job (id, kind, owner_kind, owner, parameters, lifetime_ms)
SELECT $1::text, $2::text, $3::smallint, '', $4::bytea, $5::bigint
 WHERE NOT EXISTS (SELECT 1 FROM job WHERE kind = $2::text
                                       AND (expires_at IS NULL OR expires_at > clock_timestamp())))sql"};

// $1 type, $2 time and $3 id of the last version looked at, $4 the time by which the next version must have been there,
// $5 past versions that stay, $6 rows. What was closed below the horizon is in no page and in no export.
constexpr pg::Statement kPruneVersions{"prune_versions", R"sql(
WITH looked AS MATERIALIZED (
  SELECT r.id, r.type, r.version, r.last_updated, r.closed_tx
    FROM resource_version r
   WHERE r.type = $1::smallint AND r.last_updated >= $2::bigint AND r.last_updated < $4::bigint
     AND (r.last_updated > $2::bigint OR r.id < $3::text)
   ORDER BY r.last_updated, r.id DESC LIMIT $6::int),
doomed AS (
  SELECT l.id, l.type, l.version FROM looked l
   WHERE l.closed_tx < (SELECT tx FROM closed_row_horizon)
     AND (SELECT n.last_updated FROM resource_version n WHERE n.id = l.id AND n.type = l.type AND n.version > l.version
           ORDER BY n.id, n.type, n.version LIMIT 1) < $4::bigint
     AND EXISTS (SELECT 1 FROM resource_version n WHERE n.id = l.id AND n.type = l.type AND n.version > l.version
                  OFFSET $5::bigint)),
gone AS (
  DELETE FROM resource_version r USING doomed d
   WHERE r.id = d.id AND r.type = d.type AND r.version = d.version RETURNING 1)
SELECT e.last_updated, e.id, (SELECT count(*) FROM looked), (SELECT count(*) FROM gone)
  FROM (SELECT last_updated, id FROM looked ORDER BY last_updated DESC, id LIMIT 1) e)sql"};

std::int64_t Member(const Value& value, std::string_view name, std::int64_t otherwise) {
  const Value* const number = value.Find(name);
  return number == nullptr ? otherwise : number->AsInteger().value_or(otherwise);
}

/// The numbers of the types that are pruned, ascending. The law asks for the trail.
const std::vector<std::int16_t>& PrunedTypes() {
  static const std::vector<std::int16_t> kTypes = [] {
    const Definitions& r4 = Definitions::R4();
    std::vector<std::int16_t> codes;
    codes.reserve(r4.ResourceTypes().size());
    for (const auto type : r4.ResourceTypes()) {
      if (r4.TypeName(type) != "AuditEvent") {
        codes.push_back(TypeCode(type));
      }
    }
    std::sort(codes.begin(), codes.end());
    return codes;
  }();
  return kTypes;
}

}  // namespace

/// Where a pass stands: of `type`, the versions up to the one of this time and id were looked at.
struct HistoryPruning::Place {
  std::int16_t type = 0;
  std::int64_t at_us = std::numeric_limits<std::int64_t>::min();
  std::string id;
  std::int64_t pruned = 0;
  bool finished = false;

  static fhir::Result<Place> Read(const std::string& text) {
    Place place;
    if (text.empty()) {
      return place;
    }
    GW_ASSIGN(const Value value, fhir::json::ReadValue(text, {}));
    place.type = static_cast<std::int16_t>(Member(value, "type", 0));
    place.at_us = Member(value, "at", place.at_us);
    place.id = value.FindText("id");
    place.pruned = Member(value, "pruned", 0);
    return place;
  }

  std::string Write() const {
    Value value = Value::Object();
    value.Set("type", Value::Integer(type));
    value.Set("at", Value::Integer(at_us));
    value.Set("id", Value::String(id));
    value.Set("pruned", Value::Integer(pruned));
    return fhir::json::WriteValue(value);
  }

  void GoTo(std::int16_t next) {
    type = next;
    at_us = std::numeric_limits<std::int64_t>::min();
    id.clear();
  }
};

fhir::Result<bool> HistoryPruning::BeginPass(adapters::port::IdSource& ids, std::int64_t now_us) {
  if (options_.lifetime_ms <= 0) {
    return false;
  }
  Value order = Value::Object();
  order.Set("until", Value::Integer(now_us - options_.lifetime_ms * 1'000));
  order.Set("versions_min", Value::Integer(options_.versions_min));
  const std::string id = ids.NewUuid();
  const std::string parameters = fhir::json::WriteValue(order);
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  pg::Transaction transaction(*connection);
  GW_TRY(connection->Execute(kLockPasses));
  pg::Parameters values;
  values.Text(id).Text(kPruneHistoryJob).Int(static_cast<int>(adapters::port::PartyKind::kSystem));
  values.Bytes(parameters).Int(options_.pass_every_ms);
  GW_ASSIGN(const pg::Rows inserted, connection->Execute(kInsertPass, values));
  GW_TRY(transaction.Commit());
  return inserted.affected() > 0;
}

// One transaction.
fhir::Result<void> HistoryPruning::Advance(std::int64_t until_us, std::int64_t versions_min, Place& place) {
  const auto& types = PrunedTypes();
  const auto at = std::lower_bound(types.begin(), types.end(), place.type);
  if (at == types.end()) {
    place.finished = true;
    return {};
  }
  if (*at != place.type) {
    place.GoTo(*at);
  }
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  pg::Parameters values;
  values.Int(place.type).Int(place.at_us).Text(place.id).Int(until_us).Int(versions_min).Int(options_.rows_max);
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kPruneVersions, values));
  if (rows.empty() || rows[0].Int(2) < options_.rows_max) {
    place.GoTo(static_cast<std::int16_t>(place.type + 1));
  } else {
    place.at_us = rows[0].Int(0);
    place.id = rows[0].String(1);
  }
  const std::int64_t pruned = rows.empty() ? 0 : rows[0].Int(3);
  place.pruned += pruned;
  if (pruned > 0 && options_.on_pruned) {
    options_.on_pruned(pruned);
  }
  return {};
}

fhir::Result<JobStep> HistoryPruning::Step(const adapters::port::Job& job, const adapters::port::JobRun& run) {
  GW_ASSIGN(const Value order, fhir::json::ReadValue(job.parameters, {}));
  const std::int64_t until_us = Member(order, "until", std::numeric_limits<std::int64_t>::min());
  const std::int64_t versions_min = Member(order, "versions_min", 0);
  GW_ASSIGN(Place place, Place::Read(job.position));
  const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(options_.step_ms_max);
  do {
    GW_TRY(Advance(until_us, versions_min, place));
  } while (!place.finished && !run.Stopping() && std::chrono::steady_clock::now() < end);
  return JobStep{.finished = place.finished,
                 .position = place.Write(),
                 .done = place.pruned,
                 .total = place.finished ? std::optional(place.pruned) : std::nullopt,
                 .result = {}};
}

}  // namespace gateway::store
