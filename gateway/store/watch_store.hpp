// What partners send, what waits for whom, and alerts: tables exchange_hour and alert, beside journal and outbox.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gateway/store/pg/pool.hpp"

namespace gateway::store {

/// What one node has counted since it last said so.
struct ExchangeCount {
  std::string partner;
  std::int64_t received = 0;
  std::int64_t acknowledged = 0;
  std::int64_t failed = 0;
};

/// A partner that sends to us.
struct PartnerWatch {
  std::string partner;
  std::int64_t received_day = 0, acknowledged_day = 0, failed_day = 0;  ///< of the last 24 hours, in whole hours
  std::int64_t waiting = 0;                                             ///< messages received and not finished
  std::int64_t refused = 0;
  std::int64_t parked = 0;
  std::int64_t oldest_waiting_us = 0;  ///< receipt of the oldest that waits; 0: none
  std::int64_t last_us = 0;            ///< when it last sent something; 0: never
  /// Messages that its own history makes expected since then: the mean of the same time in up to four earlier weeks, or
  /// days while its history is shorter than a week. 0 without a day of history.
  double expected = 0;
};

/// A destination of the outbox.
struct DestinationWatch {
  std::string destination;
  std::int64_t waiting = 0;
  std::int64_t dead = 0;
  std::int64_t oldest_waiting_us = 0;  ///< creation of the oldest that waits; 0: none
};

/// A message that holds later ones of its patients.
struct HoldingMessage {
  std::int64_t id = 0;
  std::string partner;
};

struct Alert {
  std::string kind;
  std::string subject;
  std::string detail;
  std::int64_t began_us = 0;
  std::int64_t ended_us = 0;  ///< 0: open
};

/// What changed.
struct AlertChanges {
  std::vector<Alert> begun;
  std::vector<Alert> ended;
};

/// thread-safe.
class WatchStore {
 public:
  explicit WatchStore(pg::Pool& pool) : pool_(pool) {}

  /// Adds to the hour that is. Cost: one statement. An empty span is none.
  fhir::Result<void> AddCounts(std::span<const ExchangeCount> counts);
  /// Partners that have sent something, by name. Cost: the waiting, refused and parked messages by partial indexes, and
  /// five weeks of hours.
  fhir::Result<std::vector<PartnerWatch>> Partners();
  /// Destinations with entries that are waiting or dead, by name. Cost: partial indexes alone.
  fhir::Result<std::vector<DestinationWatch>> Destinations();
  /// The first `messages_max`, by number.
  fhir::Result<std::vector<HoldingMessage>> Holding(int messages_max);

  /// Makes the open alerts those given: begins what is not open, ends what is not given, and leaves the rest as it is.
  /// Each change is told to one caller, however many nodes ask at once.
  fhir::Result<AlertChanges> SyncAlerts(std::span<const Alert> wanted);
  /// Open ones first, then the newest; at most `alerts_max`.
  fhir::Result<std::vector<Alert>> ListAlerts(int alerts_max);
  /// Forgets hours and ended alerts past their five weeks.
  fhir::Result<void> Sweep();

 private:
  pg::Pool& pool_;
};

}  // namespace gateway::store
