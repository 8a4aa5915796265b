#include "gateway/app/background_jobs.hpp"

#include <string>

namespace gateway::app {
namespace {

constexpr int kJobsHousePeriodMs = 5'000;
constexpr int kForgottenMax = 20;  // of one round

jobs::WorkerOptions WorkerOptionsOf(const settings::Jobs& settings) {
  jobs::WorkerOptions options;
  options.workers = static_cast<int>(settings.workers);
  options.poll_ms = static_cast<int>(settings.poll_ms);
  options.lease_ms = static_cast<int>(settings.lease_ms);
  return options;
}

}  // namespace

BackgroundJobs::BackgroundJobs(const settings::Jobs& settings, store::pg::Pool& pool, adapters::port::IdSource& ids,
                               telemetry::Logger& logger, telemetry::Metrics& metrics)
    : settings_(settings),
      logger_(logger),
      metrics_(metrics),
      store_(pool, ids,
             {.open_per_owner_max = static_cast<int>(settings.open_per_party_max), .on_added = [this] { Wake(); }}) {}

void BackgroundJobs::Start() {
  std::vector<adapters::port::JobKind*> borrowed;
  borrowed.reserve(kinds_.size());
  for (const auto& kind : kinds_) {
    borrowed.push_back(kind.get());
  }
  worker_ = std::make_unique<jobs::Worker>(store_, borrowed, WorkerOptionsOf(settings_),
                                           [this](const jobs::JobReport& report) { Observe(report); });
  worker_->Start();
}

void BackgroundJobs::Wake() {
  if (worker_ != nullptr) {
    worker_->Wake();
  }
}

void BackgroundJobs::Stop() {
  if (worker_ != nullptr) {
    worker_->Stop();
  }
}

void BackgroundJobs::AddDuties(std::vector<Duty>& duties) {
  duties.push_back({"jobs", kJobsHousePeriodMs, [this] { return KeepHouse(); }});
}

fhir::Result<void> BackgroundJobs::KeepHouse() {
  GW_ASSIGN(const store::jobs::JobCounts counts, store_.Count());
  const auto gauge = [this](const char* state, std::int64_t count) {
    metrics_
        .GetGauge("passerelle_jobs_open", "Jobs of all nodes that are not ended, by whether a node works at them.",
                  {{"state", state}})
        .Set(static_cast<double>(count));
  };
  gauge("waiting", counts.waiting);
  gauge("leased", counts.leased);
  return worker_ != nullptr ? worker_->ForgetExpired(kForgottenMax) : fhir::Result<void>();
}

void BackgroundJobs::Observe(const jobs::JobReport& report) {
  metrics_
      .GetCounter("passerelle_job_events_total", "What became of the steps of jobs on this node, by kind.",
                  {{"kind", report.kind}, {"event", std::string(jobs::Name(report.event))}})
      .Add();
  using jobs::JobEvent;
  if (report.event == JobEvent::kFinished || report.event == JobEvent::kForgotten) {
    logger_.Info("jobs", report.event == JobEvent::kFinished ? telemetry::Literal("done") : telemetry::Literal("gone"),
                 {telemetry::Code("kind", report.kind), telemetry::Code("job", report.id)});
  } else if (report.event != JobEvent::kStepped) {
    logger_.Warning("jobs", "a step did not succeed",
                    {telemetry::Code("kind", report.kind), telemetry::Code("job", report.id),
                     telemetry::Code("event", jobs::Name(report.event)), telemetry::Detail({report.reason})});
  }
}

}  // namespace gateway::app
