// Past versions that are older than the setting allows go, in the background: a job that any node goes on with.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>

#include "adapters/port/jobs.hpp"
#include "adapters/port/ports.hpp"
#include "gateway/store/pg/pool.hpp"

namespace gateway::store {

inline constexpr std::string_view kPruneHistoryJob = "prune-history";

struct HistoryPruningOptions {
  std::int64_t lifetime_ms = 0;             ///< of a version from the moment another one followed it; 0: for ever
  std::int64_t versions_min = 0;            ///< newest past versions of a resource that stay whatever their age
  std::int64_t pass_every_ms = 86'400'000;  ///< from the end of one pass to the begin of the next
  int rows_max = 1'000;                     ///< versions looked at by one transaction
  int step_ms_max = 1'000;                  ///< of one step, which is several transactions
  std::function<void(std::int64_t versions)> on_pruned = nullptr;  ///< after each transaction; thread-safe, or empty
};

/// thread-safe. What is borrowed must outlive it. Types go one after another in the order of their numbers, the
/// versions of one in that of their times, so that a pass reads nothing younger than the setting. Current versions
/// stay, and so do the deletions of resources that are deleted; so does the audit trail; and what a page link or an
/// export still shows stays until it does not. The numbers of versions go on; those that went are like expunged ones.
class HistoryPruning final : public adapters::port::JobKind {
 public:
  HistoryPruning(pg::Pool& pool, HistoryPruningOptions options) : pool_(pool), options_(std::move(options)) {}

  /// Asks for a pass when there is none and the last one ended long enough ago; of several nodes at once, one does. The
  /// pass has the settings of the node that asked. False: not now, or not at all. Cost: one small transaction.
  fhir::Result<bool> BeginPass(adapters::port::IdSource& ids, std::int64_t now_us);

  std::string_view name() const override { return kPruneHistoryJob; }
  fhir::Result<adapters::port::JobStep> Step(const adapters::port::Job& job,
                                             const adapters::port::JobRun& run) override;

 private:
  struct Place;
  fhir::Result<void> Advance(std::int64_t until_us, std::int64_t versions_min, Place& place);

  pg::Pool& pool_;
  const HistoryPruningOptions options_;
};

}  // namespace gateway::store
