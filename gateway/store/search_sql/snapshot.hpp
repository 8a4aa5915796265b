// Which transactions a page of results counts as done: what PostgreSQL calls a snapshot, as a value that a cursor can
// carry. Source: https://www.postgresql.org/docs/15/functions-info.html#FUNCTIONS-PG-SNAPSHOT
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"

namespace gateway::store::search_sql {

/// A transaction is visible when it is below `xmax` and not in progress. Numbers are of 64 bits and never come round.
struct Snapshot {
  std::uint64_t xmin = 0;                  ///< every transaction below has ended
  std::uint64_t xmax = 0;                  ///< none at or above had begun
  std::vector<std::uint64_t> in_progress;  ///< ascending, in [xmin, xmax)

  bool operator==(const Snapshot&) const = default;
};

/// Only transactions that write are listed, at most one for each connection of all nodes. The limit keeps a link short
/// enough for a request line.
inline constexpr std::size_t kInProgressMax = 1'000;

/// Reads pg_current_snapshot()::text, "10:20:10,14".
/// Errors: kUnavailable with Retry::kLater past kInProgressMax; kInternal for another form.
fhir::Result<Snapshot> ParseSnapshot(std::string_view text);

}  // namespace gateway::store::search_sql
