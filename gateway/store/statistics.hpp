// The planner's statistics of tables that grow fast.
#pragma once

#include "fhir/base/error.hpp"
#include "gateway/store/pg/pool.hpp"

namespace gateway::store {

/// Analyzes the tables of which three quarters or more have changed since they were analyzed last (those that have
/// quadrupled, where rows only come), and returns their number. Plans depend on the order of magnitude alone, and while
/// a table is young each look costs as much as many writes: at half, a seventh of the server's time during a first
/// load. Without statistics, as in a young database, the planner counts on one match for each search and reads and
/// sorts all that there are before it takes a page of them (15,000 matches: 1 s instead of 0.3 ms). Autovacuum comes
/// round once a minute by default, and from then on a tenth of changes makes it act, so that there is little to do
/// here. Cost: one look at the server's counters; a sample of 30,000 rows for each table that is due. Several nodes may
/// call it at once: they do the same work twice. Errors: those of statements.
fhir::Result<int> RefreshStatistics(pg::Pool& pool);

}  // namespace gateway::store
