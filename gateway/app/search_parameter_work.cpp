#include "gateway/app/search_parameter_work.hpp"

#include <chrono>
#include <cstdint>

#include "gateway/store/search_parameters/indexer.hpp"

namespace gateway::app {
namespace {

constexpr int kLearnPeriodMs = 5'000;
constexpr int kIndexPeriodMs = 2'000;
constexpr std::chrono::milliseconds kAtATime{1'000};

}  // namespace

Duty LearnOfParameters(store::search_parameters::Registry& registry) {
  return {"learn-of-search-parameters", kLearnPeriodMs, [&registry]() -> fhir::Result<void> {
            GW_TRY(registry.Current());
            return {};
          }};
}

Duty IndexParameters(store::pg::Pool& pool, const store::StoreOptions& options, telemetry::Metrics& metrics) {
  // Shared by the copies of the function alone.
  auto indexer = std::make_shared<store::search_parameters::Indexer>(pool, options);
  return {"index-search-parameters", kIndexPeriodMs, [indexer, &metrics]() -> fhir::Result<void> {
            const auto end = std::chrono::steady_clock::now() + kAtATime;
            do {
              GW_ASSIGN(const store::search_parameters::IndexerStep step, indexer->Step());
              if (step.resources > 0) {
                metrics
                    .GetCounter("passerelle_search_parameter_visits_total",
                                "Resources visited for the index rows of search parameters that came or left.")
                    .Add(static_cast<std::uint64_t>(step.resources));
              }
              if (!step.more) {
                break;
              }
            } while (std::chrono::steady_clock::now() < end);
            return {};
          }};
}

}  // namespace gateway::app
