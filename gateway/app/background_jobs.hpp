// The jobs of this node: the queue in the database, the kinds that the gateway knows, and the worker with its metrics.
#pragma once

#include <memory>
#include <vector>

#include "adapters/port/jobs.hpp"
#include "gateway/app/housekeeping.hpp"
#include "gateway/jobs/worker.hpp"
#include "gateway/settings/settings.hpp"
#include "gateway/store/jobs/job_store.hpp"
#include "gateway/telemetry/logger.hpp"
#include "gateway/telemetry/metrics.hpp"

namespace gateway::app {

/// thread-safe after Start. What is borrowed must outlive it.
class BackgroundJobs {
 public:
  BackgroundJobs(const settings::Jobs& settings, store::pg::Pool& pool, adapters::port::IdSource& ids,
                 telemetry::Logger& logger, telemetry::Metrics& metrics);

  /// For what asks for jobs.
  store::jobs::JobStore& store() { return store_; }
  /// Before Start.
  void Register(std::unique_ptr<adapters::port::JobKind> kind) { kinds_.push_back(std::move(kind)); }
  void AddDuties(std::vector<Duty>& duties);

  void Start();
  /// Safe to call twice, and without Start.
  void Stop();

 private:
  void Wake();
  void Observe(const jobs::JobReport& report);
  fhir::Result<void> KeepHouse();

  const settings::Jobs settings_;
  telemetry::Logger& logger_;
  telemetry::Metrics& metrics_;
  store::jobs::JobStore store_;
  std::vector<std::unique_ptr<adapters::port::JobKind>> kinds_;
  std::unique_ptr<jobs::Worker> worker_;  // made by Start; duties run after it
};

}  // namespace gateway::app
