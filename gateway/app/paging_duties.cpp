#include "gateway/app/paging_duties.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "gateway/store/paging/closed_rows.hpp"
#include "gateway/store/repeats.hpp"

namespace gateway::app {
namespace {

constexpr int kClosedRowsPeriodMs = 30'000;
constexpr int kKeyPeriodMs = 60'000;
constexpr int kRepeatsPeriodMs = 10 * 60'000;
constexpr int kRepeatsMax = 5'000;     // of one statement
constexpr int kRepeatBatchesMax = 20;  // of one round

fhir::Result<void> Sweep(store::pg::Pool& pool, const store::paging::SweepOptions& options,
                         telemetry::Metrics& metrics) {
  GW_ASSIGN(const store::paging::SweepReport report, store::paging::SweepClosedRows(pool, options));
  if (report.elsewhere) {
    return {};
  }
  for (const auto& [table, rows] : report.swept) {
    metrics
        .GetCounter("passerelle_closed_rows_swept_total",
                    "Index rows deleted that no page could need any more, by table.", {{"table", table}})
        .Add(static_cast<std::uint64_t>(rows));
  }
  metrics
      .GetGauge("passerelle_closed_rows_left", "1 when the last sweep of this node left rows for the next one, else 0.")
      .Set(report.complete ? 0 : 1);
  return {};
}

fhir::Result<void> SweepOldRepeats(store::pg::Pool& pool, telemetry::Metrics& metrics) {
  for (int batch = 0; batch < kRepeatBatchesMax; ++batch) {
    GW_ASSIGN(const std::int64_t swept, store::SweepRepeats(pool, kRepeatsMax));
    metrics.GetCounter("passerelle_repeat_keys_swept_total", "Idempotency keys deleted at the end of their time.")
        .Add(static_cast<std::uint64_t>(swept));
    if (swept < kRepeatsMax) {
      break;
    }
  }
  return {};
}

}  // namespace

fhir::Result<std::unique_ptr<store::paging::KeyRing>> MakeCursorKeys(const settings::Search& settings,
                                                                     store::pg::Pool& pool) {
  if (settings.cursor_key_file.empty()) {
    return store::paging::KeyRing::OfDatabase(pool);
  }
  GW_ASSIGN(const std::string text, settings::ReadSecret(settings.cursor_key_file, "search.cursor_key_file"));
  GW_ASSIGN(auto keys, store::paging::KeyRing::ParseKeys(text));
  return std::make_unique<store::paging::KeyRing>(std::move(keys));
}

void AddPagingDuties(std::vector<Duty>& duties, const settings::Search& settings, store::pg::Pool& pool,
                     store::paging::KeyRing& keys, telemetry::Metrics& metrics) {
  // A short lifetime, as tests set it, must be told in as fine steps.
  const auto step_ms = static_cast<int>(std::min<std::int64_t>(kClosedRowsPeriodMs, settings.cursor_lifetime_ms));
  const store::paging::SweepOptions options{.lifetime_ms = settings.cursor_lifetime_ms, .mark_every_ms = step_ms / 2};
  duties.push_back(
      {"sweep-closed-rows", step_ms, [&pool, options, &metrics] { return Sweep(pool, options, metrics); }});
  const auto rotation_ms = settings.cursor_key_rotation_ms;
  duties.push_back({"rotate-cursor-key", static_cast<int>(std::min<std::int64_t>(kKeyPeriodMs, rotation_ms)),
                    [&keys, rotation_ms]() -> fhir::Result<void> {
                      GW_TRY(keys.Rotate(rotation_ms));
                      return {};
                    }});
  duties.push_back(
      {"sweep-repeat-keys", kRepeatsPeriodMs, [&pool, &metrics] { return SweepOldRepeats(pool, metrics); }});
}

}  // namespace gateway::app
