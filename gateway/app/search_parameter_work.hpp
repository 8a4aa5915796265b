// What a node does for search parameters beside those of the standard: it learns of those that others brought, and
// takes its part in making their rows.
#pragma once

#include <memory>
#include <vector>

#include "gateway/app/housekeeping.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/search_parameters/registry.hpp"
#include "gateway/store/store_options.hpp"
#include "gateway/telemetry/metrics.hpp"

namespace gateway::app {

/// Looks for changes now and then; writes and refused searches look by themselves.
Duty LearnOfParameters(store::search_parameters::Registry& registry);

/// Works for at most a second at a time, in small transactions. To be run on a thread of its own. What is borrowed must
/// outlive it.
Duty IndexParameters(store::pg::Pool& pool, const store::StoreOptions& options, telemetry::Metrics& metrics);

}  // namespace gateway::app
