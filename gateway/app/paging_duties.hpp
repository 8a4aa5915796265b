// What paging and repeated writes need behind the scenes: keys of page links, the sweep of what no page needs any more,
// and of keys that nobody repeats any more.
#pragma once

#include <memory>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/app/housekeeping.hpp"
#include "gateway/settings/settings.hpp"
#include "gateway/store/paging/key_ring.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/telemetry/metrics.hpp"

namespace gateway::app {

/// Keys of the file, where one is set, else of the database. Errors: kConfiguration; those of statements.
fhir::Result<std::unique_ptr<store::paging::KeyRing>> MakeCursorKeys(const settings::Search& settings,
                                                                     store::pg::Pool& pool);

/// All that is borrowed must outlive the duties.
void AddPagingDuties(std::vector<Duty>& duties, const settings::Search& settings, store::pg::Pool& pool,
                     store::paging::KeyRing& keys, telemetry::Metrics& metrics);

}  // namespace gateway::app
