#include "gateway/store/jobs/job_store.hpp"

#include <algorithm>
#include <utility>

#include "gateway/store/pg/array.hpp"

namespace gateway::store::jobs {
namespace {

using adapters::port::ClaimedJob;
using adapters::port::Job;
using adapters::port::JobOwner;
using adapters::port::JobState;
using adapters::port::JobStep;

// Column lists of JobOf, whose order is that of JobColumn; `j` is the table.
#define GW_JOB_COLUMNS                                                                                            \
  "j.id, j.kind, j.owner_kind, j.owner, j.parameters, j.state, j.position, j.done, j.total, j.result, j.reason, " \
  "j.failures, j.created_at, j.finished_at, j.expires_at, j.lease"

enum JobColumn : int {
  kJobId,
  kJobKind,
  kJobOwnerKind,
  kJobOwner,
  kJobParameters,
  kJobState,
  kJobPosition,
  kJobDone,
  kJobTotal,
  kJobResult,
  kJobReason,
  kJobFailures,
  kJobCreated,
  kJobFinished,
  kJobExpires,
  kJobLease,
};

// $1 id, $2 kind, $3 and $4 owner, $5 parameters, $6 lifetime, $7 open jobs that the owner may have
constexpr pg::Statement kInsertJob{"insert_job", R"sql(
INSERT INTO job (id, kind, owner_kind, owner, parameters, lifetime_ms)
SELECT $1::text, $2::text, $3::smallint, $4::text, $5::bytea, $6::bigint
 WHERE (SELECT count(*) FROM job WHERE owner = $4::text AND owner_kind = $3::smallint
                                   AND state IN ('accepted', 'running')) < $7::int)sql"};

// A cancelled job is not known any more, whether its row is still there or not; nor is one past its time.
constexpr pg::Statement kSelectJob{"select_job", "SELECT " GW_JOB_COLUMNS R"sql(
  FROM job j WHERE j.id = $1::text AND j.owner_kind = $2::smallint AND j.owner = $3::text AND j.state <> 'cancelled'
               AND (j.expires_at IS NULL OR j.expires_at > clock_timestamp()))sql"};

// What was running goes when the lease of the node that works at it ends, or when that node sees it.
constexpr pg::Statement kCancelJob{"cancel_job", R"sql(
UPDATE job SET state = 'cancelled', finished_at = coalesce(finished_at, clock_timestamp()),
               expires_at = clock_timestamp()
 WHERE id = $1::text AND owner_kind = $2::smallint AND owner = $3::text AND state <> 'cancelled'
   AND (expires_at IS NULL OR expires_at > clock_timestamp()))sql"};

// $1 lease in milliseconds, $2 kinds
constexpr pg::Statement kClaimJob{"claim_job", R"sql(
UPDATE job j SET state = 'running', lease = j.lease + 1,
                 lease_until = clock_timestamp() + $1::int * interval '1 millisecond',
                 failures = j.failures + CASE WHEN j.lease_until IS NULL THEN 0 ELSE 1 END
  FROM (SELECT id FROM job
         WHERE state IN ('accepted', 'running') AND due_at <= clock_timestamp()
           AND (lease_until IS NULL OR lease_until <= clock_timestamp()) AND kind = ANY ($2::text[])
         ORDER BY due_at LIMIT 1 FOR UPDATE SKIP LOCKED) c
 WHERE j.id = c.id
RETURNING )sql" GW_JOB_COLUMNS};

// The first two parameters of the next statements are id and lease.
constexpr pg::Statement kBeatJob{"beat_job", R"sql(
UPDATE job SET lease_until = clock_timestamp() + $3::int * interval '1 millisecond'
 WHERE id = $1::text AND lease = $2::bigint AND state = 'running' AND lease_until IS NOT NULL)sql"};

constexpr pg::Statement kAdvanceJob{"advance_job", R"sql(
UPDATE job SET position = $3::bytea, done = $4::bigint, total = $5::bigint, failures = 0, reason = NULL,
               lease_until = CASE WHEN $6::bool THEN NULL ELSE lease_until END,
               due_at = CASE WHEN $6::bool THEN clock_timestamp() ELSE due_at END
 WHERE id = $1::text AND lease = $2::bigint AND state = 'running' AND lease_until IS NOT NULL)sql"};

constexpr pg::Statement kFinishJob{"finish_job", R"sql(
UPDATE job SET state = 'done', result = $3::bytea, done = $4::bigint, total = $5::bigint, failures = 0, reason = NULL,
               lease_until = NULL, finished_at = clock_timestamp(),
               expires_at = clock_timestamp() + lifetime_ms * interval '1 millisecond'
 WHERE id = $1::text AND lease = $2::bigint AND state = 'running' AND lease_until IS NOT NULL)sql"};

constexpr pg::Statement kRetryJob{"retry_job", R"sql(
UPDATE job SET failures = failures + 1, reason = $4::text, lease_until = NULL,
               due_at = clock_timestamp() + $3::int * interval '1 millisecond'
 WHERE id = $1::text AND lease = $2::bigint AND state = 'running' AND lease_until IS NOT NULL)sql"};

constexpr pg::Statement kFailJob{"fail_job", R"sql(
UPDATE job SET state = 'failed', reason = $3::text, lease_until = NULL, finished_at = clock_timestamp(),
               expires_at = clock_timestamp() + lifetime_ms * interval '1 millisecond'
 WHERE id = $1::text AND lease = $2::bigint AND state = 'running' AND lease_until IS NOT NULL)sql"};

// Of a cancelled job too, so that it can be forgotten at once.
constexpr pg::Statement kReleaseJob{"release_job", R"sql(
UPDATE job SET lease_until = NULL
 WHERE id = $1::text AND lease = $2::bigint AND state IN ('running', 'cancelled'))sql"};

constexpr pg::Statement kSelectExpiredJobs{"select_expired_jobs", "SELECT " GW_JOB_COLUMNS R"sql(
  FROM job j WHERE j.expires_at <= clock_timestamp() AND j.kind = ANY ($1::text[])
               AND (j.lease_until IS NULL OR j.lease_until <= clock_timestamp())
 ORDER BY j.expires_at LIMIT $2::int)sql"};

constexpr pg::Statement kDeleteJob{"delete_job", R"sql(
DELETE FROM job WHERE id = $1::text AND expires_at IS NOT NULL)sql"};

constexpr pg::Statement kWriteJobFile{"write_job_file", R"sql(
INSERT INTO job_file (job_id, file, content, type, rows, body) VALUES ($1::text, $2::int, 'bytes', 0, $3::bigint, $4::bytea)
ON CONFLICT (job_id, file) DO UPDATE SET rows = excluded.rows, body = excluded.body)sql"};

constexpr pg::Statement kListJobFiles{"list_job_files", R"sql(
SELECT file, rows FROM job_file WHERE job_id = $1::text AND content = 'bytes' ORDER BY file)sql"};

constexpr pg::Statement kReadJobFile{"read_job_file", R"sql(
SELECT body FROM job_file WHERE job_id = $1::text AND file = $2::int AND content = 'bytes')sql"};

constexpr pg::Statement kDeleteJobFiles{"delete_job_files", "DELETE FROM job_file WHERE job_id = $1::text"};

constexpr pg::Statement kCountJobs{"count_jobs", R"sql(
SELECT count(*) FILTER (WHERE lease_until IS NULL OR lease_until <= clock_timestamp()),
       count(*) FILTER (WHERE lease_until > clock_timestamp())
  FROM job WHERE state IN ('accepted', 'running'))sql"};

#undef GW_JOB_COLUMNS

JobState StateOf(std::string_view name) {
  return name == "accepted"  ? JobState::kAccepted
         : name == "done"    ? JobState::kDone
         : name == "failed"  ? JobState::kFailed
         : name == "running" ? JobState::kRunning
                             : JobState::kCancelled;
}

Job JobOf(const pg::Row& row) {
  Job job;
  job.id = row.String(kJobId);
  job.kind = row.String(kJobKind);
  job.owner = {static_cast<adapters::port::PartyKind>(row.Int(kJobOwnerKind)), row.String(kJobOwner)};
  job.parameters = row.String(kJobParameters);
  job.state = StateOf(row.Text(kJobState));
  job.position = row.String(kJobPosition);
  job.done = row.Int(kJobDone);
  job.total = row.OptionalInt(kJobTotal);
  job.result = row.String(kJobResult);
  job.reason = row.String(kJobReason);
  job.failures = static_cast<int>(row.Int(kJobFailures));
  job.created_us = row.TimestampUs(kJobCreated);
  job.finished_us = row.TimestampUs(kJobFinished);
  job.expires_us = row.TimestampUs(kJobExpires);
  return job;
}

pg::Parameters OfClaim(const ClaimedJob& claim) {
  pg::Parameters parameters;
  parameters.Text(claim.job.id).Int(claim.lease);
  return parameters;
}

std::unexpected<fhir::Error> NoSuchJob() {
  return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such job");
}

}  // namespace

fhir::Result<std::int64_t> JobStore::Run(const pg::Statement& statement, const pg::Parameters& parameters) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(statement, parameters));
  return rows.affected();
}

fhir::Result<std::string> JobStore::Add(const adapters::port::NewJob& job) {
  std::string id = ids_.NewUuid();
  pg::Parameters parameters;
  parameters.Text(id).Text(job.kind).Int(static_cast<int>(job.owner.kind)).Text(job.owner.party);
  parameters.Bytes(job.parameters).Int(job.lifetime_ms).Int(options_.open_per_owner_max);
  GW_ASSIGN(const std::int64_t added, Run(kInsertJob, parameters));
  if (added == 0) {
    return fhir::Fail(fhir::ErrorCode::kUnavailable, {"too many jobs of this party are under way"}, {},
                      fhir::Retry::kLater);
  }
  if (options_.on_added) {
    options_.on_added();
  }
  return id;
}

fhir::Result<Job> JobStore::Find(const JobOwner& owner, std::string_view id) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  pg::Parameters parameters;
  parameters.Text(id).Int(static_cast<int>(owner.kind)).Text(owner.party);
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kSelectJob, parameters));
  if (rows.empty()) {
    return NoSuchJob();
  }
  return JobOf(rows[0]);
}

fhir::Result<void> JobStore::Cancel(const JobOwner& owner, std::string_view id) {
  pg::Parameters parameters;
  parameters.Text(id).Int(static_cast<int>(owner.kind)).Text(owner.party);
  GW_ASSIGN(const std::int64_t cancelled, Run(kCancelJob, parameters));
  if (cancelled == 0) {
    return NoSuchJob();
  }
  return {};
}

fhir::Result<std::optional<ClaimedJob>> JobStore::Claim(std::span<const std::string> kinds, int lease_ms) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  pg::Parameters parameters;
  parameters.Int(lease_ms).Add(pg::Array::Texts(kinds));
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kClaimJob, parameters));
  if (rows.empty()) {
    return std::optional<ClaimedJob>();
  }
  return std::optional(ClaimedJob{JobOf(rows[0]), rows[0].Int(kJobLease)});
}

fhir::Result<bool> JobStore::Beat(const ClaimedJob& claim, int lease_ms) {
  GW_ASSIGN(const std::int64_t rows, Run(kBeatJob, OfClaim(claim).Int(lease_ms)));
  return rows > 0;
}

fhir::Result<bool> JobStore::Advance(const ClaimedJob& claim, const JobStep& step, bool give_back) {
  pg::Parameters parameters = OfClaim(claim);
  parameters.Bytes(step.position).Int(step.done).IntOrNull(step.total).Bool(give_back);
  GW_ASSIGN(const std::int64_t rows, Run(kAdvanceJob, parameters));
  return rows > 0;
}

fhir::Result<bool> JobStore::Finish(const ClaimedJob& claim, const JobStep& step) {
  pg::Parameters parameters = OfClaim(claim);
  parameters.Bytes(step.result).Int(step.done).IntOrNull(step.total);
  GW_ASSIGN(const std::int64_t rows, Run(kFinishJob, parameters));
  return rows > 0;
}

fhir::Result<bool> JobStore::Retry(const ClaimedJob& claim, int delay_ms, std::string_view reason) {
  GW_ASSIGN(const std::int64_t rows, Run(kRetryJob, OfClaim(claim).Int(delay_ms).Text(reason)));
  return rows > 0;
}

fhir::Result<bool> JobStore::Fail(const ClaimedJob& claim, std::string_view reason) {
  GW_ASSIGN(const std::int64_t rows, Run(kFailJob, OfClaim(claim).Text(reason)));
  return rows > 0;
}

fhir::Result<bool> JobStore::Release(const ClaimedJob& claim) {
  GW_ASSIGN(const std::int64_t rows, Run(kReleaseJob, OfClaim(claim)));
  return rows > 0;
}

fhir::Result<std::vector<Job>> JobStore::Expired(std::span<const std::string> kinds, int jobs_max) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  pg::Parameters parameters;
  parameters.Add(pg::Array::Texts(kinds)).Int(jobs_max);
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kSelectExpiredJobs, parameters));
  std::vector<Job> jobs;
  jobs.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    jobs.push_back(JobOf(rows[i]));
  }
  return jobs;
}

fhir::Result<void> JobStore::Delete(std::string_view id) {
  GW_TRY(Run(kDeleteJob, pg::Parameters().Text(id)));
  return {};
}

fhir::Result<void> JobStore::WriteFile(std::string_view job_id, const adapters::port::JobFile& file,
                                       std::string_view bytes) {
  GW_TRY(Run(kWriteJobFile, pg::Parameters().Text(job_id).Int(file.file).Int(file.rows).Bytes(bytes)));
  return {};
}

fhir::Result<std::vector<adapters::port::JobFile>> JobStore::ListFiles(std::string_view job_id) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kListJobFiles, pg::Parameters().Text(job_id)));
  std::vector<adapters::port::JobFile> files;
  files.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    files.push_back({static_cast<int>(rows[i].Int(0)), rows[i].Int(1)});
  }
  return files;
}

fhir::Result<std::string> JobStore::ReadFile(std::string_view job_id, int file) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kReadJobFile, pg::Parameters().Text(job_id).Int(file)));
  if (rows.empty()) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, "the job has no such file");
  }
  return rows[0].String(0);
}

fhir::Result<void> JobStore::DeleteFiles(std::string_view job_id) {
  GW_TRY(Run(kDeleteJobFiles, pg::Parameters().Text(job_id)));
  return {};
}

fhir::Result<JobCounts> JobStore::Count() {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kCountJobs));
  return JobCounts{.waiting = rows[0].Int(0), .leased = rows[0].Int(1)};
}

}  // namespace gateway::store::jobs
