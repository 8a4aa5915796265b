#include "gateway/store/paging/closed_rows.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <iterator>
#include <string_view>
#include <utility>

#include "gateway/store/pg/transaction.hpp"

namespace gateway::store::paging {

constexpr pg::Statement kSelectHorizon{"select_sweep_horizon", "SELECT tx::text FROM closed_row_horizon"};

namespace {

// Held by the transaction of each batch. "GWSWEEPR" in ASCII.
constexpr pg::Statement kLockSweep{"lock_sweep", "SELECT pg_try_advisory_xact_lock(5140669133956141138)"};

// $1 milliseconds: no second mark within them
constexpr pg::Statement kInsertMark{"insert_sweep_mark", R"sql(
INSERT INTO closed_row_mark (at, tx)
SELECT clock_timestamp(), pg_snapshot_xmin(pg_current_snapshot())
 WHERE NOT EXISTS (SELECT 1 FROM closed_row_mark
                    WHERE at > clock_timestamp() - $1::bigint * interval '1 millisecond'))sql"};

// $1 milliseconds: the age from which on no page needs what was closed before a mark. Nor does the horizon pass a
// snapshot that is held; one taken since is younger than the mark. It never goes back.
constexpr pg::Statement kMoveHorizon{"move_sweep_horizon", R"sql(
UPDATE closed_row_horizon h SET tx = m.tx
  FROM (SELECT max(tx) AS tx FROM closed_row_mark
         WHERE at <= clock_timestamp() - $1::bigint * interval '1 millisecond'
           AND NOT EXISTS (SELECT 1 FROM snapshot_hold s
                            WHERE s.until > clock_timestamp() AND s.tx < closed_row_mark.tx)) m
 WHERE m.tx > h.tx)sql"};

// Those that can move the horizon no more.
constexpr pg::Statement kDeleteMarks{"delete_sweep_marks",
                                     "DELETE FROM closed_row_mark WHERE tx < (SELECT tx FROM closed_row_horizon)"};

struct SweptTable {
  const char* name;
  pg::Statement sweep;  ///< $1 the horizon, $2 rows
};

constexpr SweptTable kSweptTables[] = {
    {"idx_string", {"sweep_idx_string", R"sql(
DELETE FROM idx_string WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM idx_string WHERE closed_tx < $1::xid8 LIMIT $2::int FOR UPDATE SKIP LOCKED)))sql"}},
    {"idx_token", {"sweep_idx_token", R"sql(
DELETE FROM idx_token WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM idx_token WHERE closed_tx < $1::xid8 LIMIT $2::int FOR UPDATE SKIP LOCKED)))sql"}},
    {"idx_reference", {"sweep_idx_reference", R"sql(
DELETE FROM idx_reference WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM idx_reference WHERE closed_tx < $1::xid8 LIMIT $2::int FOR UPDATE SKIP LOCKED)))sql"}},
    {"idx_date", {"sweep_idx_date", R"sql(
DELETE FROM idx_date WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM idx_date WHERE closed_tx < $1::xid8 LIMIT $2::int FOR UPDATE SKIP LOCKED)))sql"}},
    {"idx_number", {"sweep_idx_number", R"sql(
DELETE FROM idx_number WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM idx_number WHERE closed_tx < $1::xid8 LIMIT $2::int FOR UPDATE SKIP LOCKED)))sql"}},
    {"idx_quantity", {"sweep_idx_quantity", R"sql(
DELETE FROM idx_quantity WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM idx_quantity WHERE closed_tx < $1::xid8 LIMIT $2::int FOR UPDATE SKIP LOCKED)))sql"}},
    {"idx_uri", {"sweep_idx_uri", R"sql(
DELETE FROM idx_uri WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM idx_uri WHERE closed_tx < $1::xid8 LIMIT $2::int FOR UPDATE SKIP LOCKED)))sql"}},
    {"idx_composite", {"sweep_idx_composite", R"sql(
DELETE FROM idx_composite WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM idx_composite WHERE closed_tx < $1::xid8 LIMIT $2::int FOR UPDATE SKIP LOCKED)))sql"}},
    {"idx_text", {"sweep_idx_text", R"sql(
DELETE FROM idx_text WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM idx_text WHERE closed_tx < $1::xid8 LIMIT $2::int FOR UPDATE SKIP LOCKED)))sql"}},
    {"idx_position", {"sweep_idx_position", R"sql(
DELETE FROM idx_position WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM idx_position WHERE closed_tx < $1::xid8 LIMIT $2::int FOR UPDATE SKIP LOCKED)))sql"}},
    {"contained_resource", {"sweep_contained_resource", R"sql(
DELETE FROM contained_resource WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM contained_resource WHERE closed_tx < $1::xid8 LIMIT $2::int FOR UPDATE SKIP LOCKED)))sql"}},
};

// The horizon after it was moved; nullopt while another node sweeps.
fhir::Result<std::optional<std::string>> MoveHorizon(pg::Connection& connection, const SweepOptions& options) {
  pg::Transaction transaction(connection);
  GW_ASSIGN(const pg::Rows locked, connection.Execute(kLockSweep));
  if (!locked[0].Bool(0)) {
    return std::optional<std::string>();
  }
  GW_TRY(connection.Execute(kInsertMark, pg::Parameters().Int(options.mark_every_ms)));
  GW_TRY(connection.Execute(kMoveHorizon, pg::Parameters().Int(options.lifetime_ms + options.margin_ms)));
  GW_TRY(connection.Execute(kDeleteMarks));
  GW_ASSIGN(const pg::Rows rows, connection.Execute(kSelectHorizon));
  GW_TRY(transaction.Commit());
  return std::optional<std::string>(rows.empty() ? "0" : rows[0].String(0));
}

// Rows deleted; nullopt while another node sweeps.
fhir::Result<std::optional<std::int64_t>> SweepOnce(pg::Connection& connection, const SweptTable& table,
                                                    const std::string& horizon, int rows_max) {
  pg::Transaction transaction(connection);
  GW_ASSIGN(const pg::Rows locked, connection.Execute(kLockSweep));
  if (!locked[0].Bool(0)) {
    return std::optional<std::int64_t>();
  }
  pg::Parameters parameters;
  parameters.Literal(horizon).Int(rows_max);
  GW_ASSIGN(const pg::Rows rows, connection.Execute(table.sweep, parameters));
  GW_TRY(transaction.Commit());
  return std::optional<std::int64_t>(rows.affected());
}

}  // namespace

bool SweptBefore(const search_sql::Snapshot& snapshot, std::string_view horizon) {
  std::uint64_t tx = 0;
  const auto [end, error] = std::from_chars(horizon.data(), horizon.data() + horizon.size(), tx);
  return error != std::errc() || end != horizon.data() + horizon.size() || tx > snapshot.xmin;
}

fhir::Result<SweepReport> SweepClosedRows(pg::Pool& pool, const SweepOptions& options) {
  SweepReport report;
  GW_ASSIGN(const pg::Pool::Lease connection, pool.Acquire());
  GW_ASSIGN(const auto horizon, MoveHorizon(*connection, options));
  if (!horizon) {
    report.elsewhere = true;
    return report;
  }
  for (const SweptTable& table : kSweptTables) {
    report.swept.emplace_back(table.name, 0);
  }
  // In turn, so that no table waits for ever behind one that is written much.
  std::array<bool, std::size(kSweptTables)> done{};
  int batches = 0;
  while (std::find(done.begin(), done.end(), false) != done.end()) {
    for (std::size_t i = 0; i < done.size(); ++i) {
      if (done[i]) {
        continue;
      }
      if (batches == options.batches_max) {
        report.complete = false;
        return report;
      }
      GW_ASSIGN(const auto deleted, SweepOnce(*connection, kSweptTables[i], *horizon, options.rows_max));
      if (!deleted) {
        report.elsewhere = true;
        return report;
      }
      report.swept[i].second += *deleted;
      batches += *deleted > 0 ? 1 : 0;
      done[i] = *deleted < options.rows_max;
    }
  }
  return report;
}

}  // namespace gateway::store::paging
