// What waits and what failed, in the journal and the outbox, as gauges; the sweeping of keys past their horizon; and
// the journal's months.
#pragma once

#include <cstdint>

#include "fhir/base/error.hpp"
#include "gateway/settings/settings.hpp"
#include "gateway/store/journal_store.hpp"
#include "gateway/store/outbox_store.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/telemetry/logger.hpp"
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

/// Puts ended months of the journal away and drops those past journal.retention_months, with a line for each.
fhir::Result<void> KeepJournalMonths(store::pg::Pool& pool, const settings::JournalSettings& journal,
                                     telemetry::Logger& logger);

}  // namespace gateway::app
