// Watches over the exchange with partners: counts what they send, and raises alerts that begin and end once each.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/settings/settings.hpp"
#include "gateway/store/watch_store.hpp"
#include "gateway/telemetry/metrics.hpp"

namespace gateway::app {

/// thread-safe. Every node runs one; what they count comes together in the database.
class Watch {
 public:
  /// `partners` are those that may send to us. `told` hears of each alert that this node saw begin or end first.
  Watch(settings::WatchSettings settings, std::vector<std::string> partners, store::WatchStore& store,
        telemetry::Metrics& metrics, std::function<void(const store::Alert&)> told);

  /// A message arrived, and was answered with this acknowledgement; empty: not at all.
  void Count(const std::string& partner, std::string_view acknowledgement);

  /// Says what was counted, sets the gauges and brings the alerts up to date. Errors: those of the database; what was
  /// counted is kept for the next time.
  fhir::Result<void> Run(std::int64_t now_us);

 private:
  fhir::Result<void> SayCounts();
  void SetGauges(const std::vector<store::PartnerWatch>& partners,
                 const std::vector<store::DestinationWatch>& destinations, std::int64_t now_us);
  std::vector<store::Alert> Wanted(const std::vector<store::PartnerWatch>& partners,
                                   const std::vector<store::DestinationWatch>& destinations,
                                   const std::vector<store::HoldingMessage>& holding, std::int64_t now_us) const;

  const settings::WatchSettings settings_;
  store::WatchStore& store_;
  telemetry::Metrics& metrics_;
  const std::function<void(const store::Alert&)> told_;
  std::mutex mutex_;
  std::map<std::string, store::ExchangeCount, std::less<>> counts_;  // guarded by mutex_
  std::vector<std::string> destinations_seen_;                       // Run alone
};

}  // namespace gateway::app
