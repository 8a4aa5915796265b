// Index rows made anew out of bodies, as a job: for what older versions wrote, for settings that changed, and for rows
// that somebody has lost.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/jobs.hpp"
#include "adapters/port/reindexing.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/search_parameters/registry.hpp"
#include "gateway/store/store_options.hpp"

namespace gateway::store {

struct ReindexJobOptions {
  int resources_max = 100;  ///< of one transaction, whose heads are locked until its end
  int step_ms_max = 1'000;  ///< of one step, which is several transactions
};

/// thread-safe. `options.search_parameters` must be set; what is borrowed must outlive it. Types go one after another
/// in the order of their numbers, resources in that of their ids. Resources written meanwhile have right rows by
/// themselves. The result is a Parameters resource: how many were visited, and how many bodies could not be read.
class ReindexJob final : public adapters::port::JobKind, public adapters::port::Reindexing {
 public:
  ReindexJob(pg::Pool& pool, const StoreOptions& options, ReindexJobOptions limits = {})
      : pool_(pool), options_(options), limits_(limits) {}

  std::string_view name() const override { return adapters::port::kReindexJob; }
  fhir::Result<adapters::port::JobStep> Step(const adapters::port::Job& job,
                                             const adapters::port::JobRun& run) override;

  fhir::Result<std::string> ParametersOf(const adapters::port::ReindexOrder& order) override;
  fhir::Result<void> ReindexOne(fhir::metadata::TypeId type, std::string_view id,
                                std::span<const std::string> urls) override;

 private:
  struct Place;
  fhir::Result<std::optional<std::vector<std::uint16_t>>> NumbersOf(const fhir::search::CustomParameters& in_force,
                                                                    std::span<const std::string> urls) const;
  fhir::Result<void> Advance(std::span<const std::string> urls, std::span<const std::int16_t> types, Place& place);

  pg::Pool& pool_;
  const StoreOptions& options_;
  const ReindexJobOptions limits_;
};

}  // namespace gateway::store
