#include "gateway/app/backlog.hpp"

#include <algorithm>
#include <string>

#include "gateway/store/journal_months.hpp"

namespace gateway::app {
namespace {

std::int64_t AgeInSeconds(std::int64_t since_us, std::int64_t now_us) {
  return since_us == 0 ? 0 : std::max<std::int64_t>(0, (now_us - since_us) / 1'000'000);
}

}  // namespace

fhir::Result<void> RefreshBacklog(store::JournalStore& journal, store::OutboxStore& outbox, std::int64_t now_us,
                                  telemetry::Metrics& metrics) {
  GW_ASSIGN(const store::JournalBacklog messages, journal.CountBacklog());
  GW_ASSIGN(const store::OutboxBacklog entries, outbox.CountBacklog());
  const auto set_messages = [&](const char* state, std::int64_t count) {
    metrics
        .GetGauge("passerelle_journal_messages", "Inbound messages that ask for attention, by state.",
                  {{"state", state}})
        .Set(count);
  };
  set_messages("received", messages.waiting);
  set_messages("refused", messages.refused);
  set_messages("parked", messages.parked);
  metrics
      .GetGauge("passerelle_journal_holding",
                "Refused messages behind which later ones of their patients are parked; 0: nobody is held up.")
      .Set(messages.holding);
  metrics
      .GetGauge("passerelle_journal_oldest_waiting_seconds", "Age of the oldest message that is not finished; 0: none.")
      .Set(AgeInSeconds(messages.oldest_waiting_us, now_us));
  const auto set_entries = [&](const char* state, std::int64_t count) {
    metrics
        .GetGauge("passerelle_outbox_entries", "Outbound entries that are not delivered, by state.", {{"state", state}})
        .Set(count);
  };
  set_entries("waiting", entries.waiting);
  set_entries("dead", entries.dead);
  metrics.GetGauge("passerelle_outbox_oldest_waiting_seconds", "Age of the oldest entry that waits; 0: none.")
      .Set(AgeInSeconds(entries.oldest_waiting_us, now_us));
  return {};
}

fhir::Result<void> SweepKeys(store::JournalStore& journal, int keys_max, int batches_max) {
  for (int batch = 0; batch < batches_max; ++batch) {
    GW_ASSIGN(const std::int64_t swept, journal.SweepKeys(keys_max));
    if (swept < keys_max) {
      break;
    }
  }
  return {};
}

fhir::Result<void> KeepJournalMonths(store::pg::Pool& pool, const settings::JournalSettings& journal,
                                     telemetry::Logger& logger) {
  GW_ASSIGN(const store::MonthsReport report,
            store::KeepMonths(pool, {.keep_months = static_cast<int>(journal.retention_months)}));
  if (!report.ended.empty()) {
    logger.Info("housekeeping", "a month of the journal was put away",
                {telemetry::Code("table", report.ended), telemetry::Count("unfinished", report.moved)});
  }
  for (const std::string& table : report.dropped) {
    logger.Info("housekeeping", "an old month of the journal was dropped", {telemetry::Code("table", table)});
  }
  if (report.too_many_open) {
    logger.Warning("housekeeping", "too many unfinished messages to put the journal's ended month away", {});
  }
  return {};
}

}  // namespace gateway::app
