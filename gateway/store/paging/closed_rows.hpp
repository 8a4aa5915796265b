// Index rows that were closed stay for the pages of walks begun before, and go when no walk can need them any more.
// Versions stay: they are history.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/pg/statement.hpp"
#include "gateway/store/search_sql/snapshot.hpp"

namespace gateway::store::paging {

/// Without parameters; one row: transactions below its number count as swept. Read in the snapshot of a page, it tells
/// whether rows that the page needs may be gone already.
extern const pg::Statement kSelectHorizon;

/// Whether rows that a walk of this snapshot needs may have been swept. `horizon` is kSelectHorizon's text.
bool SweptBefore(const search_sql::Snapshot& snapshot, std::string_view horizon);

struct SweepOptions {
  std::int64_t lifetime_ms = 3'600'000;  ///< of a cursor
  std::int64_t margin_ms = 60'000;       ///< beyond it: clocks of nodes differ
  std::int64_t mark_every_ms = 30'000;   ///< how finely time is told in transactions
  int rows_max = 5'000;                  ///< of one statement
  int batches_max = 40;                  ///< of one round; the rest waits for the next one
};

struct SweepReport {
  std::vector<std::pair<std::string, std::int64_t>> swept;  ///< rows by table
  bool complete = true;                                     ///< nothing that is old enough was left
  bool elsewhere = false;                                   ///< another node sweeps
};

/// One round. A mark notes which transactions have ended by a time; when a mark is older than a cursor may be, what was
/// closed before it is deleted, a few thousand rows in each transaction, the horizon first. Resumes where it was, by
/// the rows themselves; of several nodes one sweeps. Errors: those of statements; what was deleted stays deleted.
fhir::Result<SweepReport> SweepClosedRows(pg::Pool& pool, const SweepOptions& options);

}  // namespace gateway::store::paging
