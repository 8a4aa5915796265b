// A snapshot that a job is about: taken with its first step, the same ever after, and spared by the sweep of closed
// rows as long as it is held (paging/closed_rows.cpp reads the table).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/search_sql/snapshot.hpp"

namespace gateway::store::bulk {

struct HeldSnapshot {
  search_sql::Snapshot snapshot;
  std::string text;
  /// Everything that was committed by then is in it, whatever a transaction under way thought the time was.
  std::int64_t complete_us = 0;
};

/// Takes the snapshot for the job, or gives back the one that it has, and holds it for the time from now on.
/// Errors: kUnavailable with Retry::kLater when too many changes are under way.
fhir::Result<HeldSnapshot> HoldSnapshot(pg::Pool& pool, std::string_view job_id, std::int64_t hold_ms);

fhir::Result<void> ReleaseSnapshot(pg::Pool& pool, std::string_view job_id);

}  // namespace gateway::store::bulk
