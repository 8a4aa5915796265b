// What waits and what failed, in the journal and the outbox, as gauges; and the sweeping of keys past their horizon.
#pragma once

#include <cstdint>

#include "fhir/base/error.hpp"
#include "gateway/store/journal_store.hpp"
#include "gateway/store/outbox_store.hpp"
#include "gateway/telemetry/metrics.hpp"

namespace gateway::app {

/// Reads the backlog and sets passerelle_journal_messages{state}, passerelle_journal_oldest_waiting_seconds,
/// passerelle_outbox_entries{state} and passerelle_outbox_oldest_waiting_seconds. Called every few seconds: a scrape
/// reads what was set. Ages are against `now_us`, microseconds since 1970 UTC. Errors: those of the database; the
/// gauges keep their values.
fhir::Result<void> RefreshBacklog(store::JournalStore& journal, store::OutboxStore& outbox, std::int64_t now_us,
                                  telemetry::Metrics& metrics);

/// Forgets keys past their horizon, `keys_max` a statement, at most `batches_max` statements.
fhir::Result<void> SweepKeys(store::JournalStore& journal, int keys_max, int batches_max);

}  // namespace gateway::app
