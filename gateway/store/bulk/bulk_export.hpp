// The bulk data export on PostgreSQL. Its job walks the ids and sizes of what is exported, as of one snapshot, and cuts
// them into files, which are stretches of ids; a file is read from the record as of that snapshot when it is asked for.
#pragma once

#include <functional>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "adapters/port/bulk_export.hpp"
#include "gateway/store/bulk/export_order.hpp"
#include "gateway/store/bulk/export_plan.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/store_options.hpp"

namespace gateway::store::bulk {

struct BulkExportOptions {
  std::int64_t file_bytes_max = 8LL * 1024 * 1024;  ///< of resources; a larger resource is a file of its own
  std::int64_t lifetime_ms = 21'600'000;            ///< of the files, from the end of the plan
  std::int64_t step_rows = 20'000;
};

/// thread-safe. The pool must outlive it.
class BulkExport final : public adapters::port::BulkExport, public adapters::port::JobKind {
 public:
  BulkExport(pg::Pool& pool, StoreOptions store, adapters::port::ActorOfOwner actor_of, BulkExportOptions options = {})
      : pool_(pool), store_(std::move(store)), actor_of_(std::move(actor_of)), options_(options) {}

  fhir::Result<adapters::port::NewJob> Plan(const adapters::port::Actor& actor,
                                            const adapters::port::ExportOrder& order) override;
  fhir::Result<adapters::port::ExportManifest> Manifest(const adapters::port::Job& job,
                                                        std::optional<int> file = std::nullopt) override;
  /// Cost: one statement in a read transaction; the file's rows are in memory once.
  fhir::Result<void> ReadFile(const adapters::port::Actor& actor, const adapters::port::Job& job, int file,
                              const std::function<fhir::Result<void>(std::string_view line)>& line) override;

  std::string_view name() const override { return adapters::port::kExportJob; }
  fhir::Result<adapters::port::JobStep> Step(const adapters::port::Job& job,
                                             const adapters::port::JobRun& run) override;
  fhir::Result<void> Forget(const adapters::port::Job& job) override;

 private:
  fhir::Result<std::set<fhir::metadata::TypeId>> TypesInUse(const std::vector<fhir::metadata::TypeId>& types);
  /// How many rows it came to; fewer than a step's: the stretch has ended.
  fhir::Result<std::int64_t> Walk(const StoredOrder& order, const adapters::port::Grants& grants,
                                  const search_sql::Snapshot& snapshot, ExportPlan& plan);
  fhir::Result<void> StoreFiles(const adapters::port::Job& job, const StoredOrder& order,
                                const adapters::port::Grants& grants, const std::vector<PlannedFile>& files);

  fhir::Result<pg::Rows> FindFile(const std::string& job_id, int file);
  fhir::Result<pg::Rows> ReadAsOf(const search_sql::SearchStatement& statement, const search_sql::Snapshot& snapshot);

  pg::Pool& pool_;
  const StoreOptions store_;
  const adapters::port::ActorOfOwner actor_of_;
  const BulkExportOptions options_;
};

}  // namespace gateway::store::bulk
