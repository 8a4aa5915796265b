// Jobs in PostgreSQL: tables job and job_file. schema/jobs.md explains its columns.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/jobs.hpp"
#include "adapters/port/ports.hpp"
#include "gateway/store/pg/pool.hpp"

namespace gateway::store::jobs {

struct JobStoreOptions {
  int open_per_owner_max = 20;  ///< accepted and running; a little more may come in at the same moment
  /// Called after a job was added; thread-safe and quick. May be empty.
  std::function<void()> on_added = nullptr;
};

struct JobCounts {
  std::int64_t waiting = 0;  ///< accepted or running, and worked at by nobody
  std::int64_t leased = 0;
};

/// thread-safe. Pool and ids are borrowed.
class JobStore final : public adapters::port::Jobs, public adapters::port::JobQueue, public adapters::port::JobFiles {
 public:
  JobStore(pg::Pool& pool, adapters::port::IdSource& ids, JobStoreOptions options = {})
      : pool_(pool), ids_(ids), options_(std::move(options)) {}

  fhir::Result<std::string> Add(const adapters::port::NewJob& job) override;
  fhir::Result<adapters::port::Job> Find(const adapters::port::JobOwner& owner, std::string_view id) override;
  fhir::Result<void> Cancel(const adapters::port::JobOwner& owner, std::string_view id) override;

  fhir::Result<std::optional<adapters::port::ClaimedJob>> Claim(std::span<const std::string> kinds,
                                                                int lease_ms) override;
  fhir::Result<bool> Beat(const adapters::port::ClaimedJob& claim, int lease_ms) override;
  fhir::Result<bool> Advance(const adapters::port::ClaimedJob& claim, const adapters::port::JobStep& step,
                             bool give_back) override;
  fhir::Result<bool> Finish(const adapters::port::ClaimedJob& claim, const adapters::port::JobStep& step) override;
  fhir::Result<bool> Retry(const adapters::port::ClaimedJob& claim, int delay_ms, std::string_view reason) override;
  fhir::Result<bool> Fail(const adapters::port::ClaimedJob& claim, std::string_view reason) override;
  fhir::Result<bool> Release(const adapters::port::ClaimedJob& claim) override;
  fhir::Result<std::vector<adapters::port::Job>> Expired(std::span<const std::string> kinds, int jobs_max) override;
  fhir::Result<void> Delete(std::string_view id) override;

  fhir::Result<void> WriteFile(std::string_view job_id, const adapters::port::JobFile& file,
                               std::string_view bytes) override;
  fhir::Result<std::vector<adapters::port::JobFile>> ListFiles(std::string_view job_id) override;
  fhir::Result<std::string> ReadFile(std::string_view job_id, int file) override;
  fhir::Result<void> DeleteFiles(std::string_view job_id) override;

  /// Cost: reads a partial index of open jobs.
  fhir::Result<JobCounts> Count();

 private:
  fhir::Result<std::int64_t> Run(const pg::Statement& statement, const pg::Parameters& parameters);

  pg::Pool& pool_;
  adapters::port::IdSource& ids_;
  const JobStoreOptions options_;
};

}  // namespace gateway::store::jobs
