#include "gateway/store/bulk/snapshot_hold.hpp"

namespace gateway::store::bulk {
namespace {

// $1 job, $2 milliseconds. A second call gives the snapshot of the first. meta.lastUpdated is the time at which a
// node began a change, before its transaction: the oldest transaction under way bounds it from below, but for what the
// node did before the first statement.
constexpr pg::Statement kHoldSnapshot{"hold_snapshot", R"sql(
INSERT INTO snapshot_hold AS h (job_id, snapshot, tx, until)
VALUES ($1::text, pg_current_snapshot()::text, pg_snapshot_xmin(pg_current_snapshot()),
        clock_timestamp() + $2::bigint * interval '1 millisecond')
ON CONFLICT (job_id) DO UPDATE SET until = excluded.until
RETURNING h.snapshot,
          (SELECT least(min(xact_start), now()) FROM pg_stat_activity
            WHERE datname = current_database() AND pid <> pg_backend_pid()))sql"};

constexpr pg::Statement kReleaseSnapshot{"release_snapshot", "DELETE FROM snapshot_hold WHERE job_id = $1::text"};

// Longer than a node takes from the beginning of a change to its first statement, and than clocks differ.
constexpr std::int64_t kBeforeTransactionUs = 30'000'000;

}  // namespace

fhir::Result<HeldSnapshot> HoldSnapshot(pg::Pool& pool, std::string_view job_id, std::int64_t hold_ms) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kHoldSnapshot, pg::Parameters().Text(job_id).Int(hold_ms)));
  HeldSnapshot held;
  held.text = rows[0].String(0);
  held.complete_us = rows[0].TimestampUs(1) - kBeforeTransactionUs;
  GW_ASSIGN(held.snapshot, search_sql::ParseSnapshot(held.text));
  return held;
}

fhir::Result<void> ReleaseSnapshot(pg::Pool& pool, std::string_view job_id) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool.Acquire());
  GW_TRY(connection->Execute(kReleaseSnapshot, pg::Parameters().Text(job_id)));
  return {};
}

}  // namespace gateway::store::bulk
