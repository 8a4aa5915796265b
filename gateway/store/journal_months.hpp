// The journal by month: what it held in past months stands in tables of its own, which go as a whole when they are old.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "gateway/store/pg/pool.hpp"

namespace gateway::store {

struct MonthsOptions {
  /// A month's table is dropped when it ended at least so many months ago, and the repeats of its messages are not
  /// recognised any more. 0: never.
  int keep_months = 0;
  int repeat_horizon_days = 30;
  /// Unfinished messages, which move on into the table of the new month. While there are more, the month is not turned.
  std::int64_t open_max = 50'000;
  /// Every other statement on the journal waits at most so long for a turn or a drop to begin; else it is tried later.
  int lock_timeout_ms = 500;
  std::optional<std::int64_t> now_us;  ///< of a test; else the database's clock
};

struct MonthsReport {
  std::string ended;                 ///< the table that a month was put away in, "" when none was
  std::int64_t moved = 0;            ///< unfinished messages that stayed in `message`
  std::vector<std::string> dropped;  ///< tables
  bool too_many_open = false;        ///< a month has ended and could not be put away
};

/// Puts away what `message` holds of ended months, as message_YYYY_MM, and drops what is older than is kept. What is
/// not finished (received, parked, or holding others) is always in `message`: it is never dropped. Cost: two small
/// questions; a turn rewrites the unfinished messages alone. Of several nodes one works. Errors: those of the database;
/// kTimeout or kConflict with Retry::kLater when the lock was not to be had. What was done before stays done.
fhir::Result<MonthsReport> KeepMonths(pg::Pool& pool, const MonthsOptions& options);

}  // namespace gateway::store
