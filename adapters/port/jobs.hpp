// Long work that outlives a request: an export, an import, a reindex. A job is a row; any node takes it up, does a
// bounded step after another, and goes on where another node stopped.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"

namespace adapters::port {

enum class JobState : std::uint8_t {
  kAccepted,   ///< no step has been done
  kRunning,    ///< begun, whether a node works at it at the moment or not
  kDone,       ///< `result` says what came of it
  kFailed,     ///< `reason` says why
  kCancelled,  ///< nobody works at it any more; it is about to be forgotten
};

/// On whose behalf a job works: only its owner sees it.
struct JobOwner {
  PartyKind kind = PartyKind::kSystem;
  std::string party;
  bool operator==(const JobOwner&) const = default;
};
inline JobOwner OwnerOf(const Actor& actor) {
  return {actor.kind, actor.party};
}

/// The party that a job works for, as it is now. Errors: kForbidden when there is none of that name any more.
using ActorOfOwner = std::function<fhir::Result<Actor>(const JobOwner& owner)>;

/// What to do. Parameters are text that the kind alone reads.
struct NewJob {
  std::string kind;
  JobOwner owner;
  std::string parameters;
  std::int64_t lifetime_ms = 3'600'000;  ///< how long it is known after its end
};

struct Job {
  std::string id;
  std::string kind;
  JobOwner owner;
  std::string parameters;
  JobState state = JobState::kAccepted;
  std::string position;               ///< where the next step begins; empty: at the beginning
  std::int64_t done = 0;              ///< progress, in units of the kind
  std::optional<std::int64_t> total;  ///< unset: not known yet
  std::string result;                 ///< of a job that is done; text that the kind alone reads
  std::string reason;                 ///< of a failed one: text for its owner, without a value of the record
  int failures = 0;                   ///< since the last step that succeeded
  std::int64_t created_us = 0;
  std::int64_t finished_us = 0;  ///< 0: not ended
  std::int64_t expires_us = 0;   ///< 0: not ended
};

/// What a step came to.
struct JobStep {
  bool finished = false;
  std::string position;  ///< where the next step begins; of no account when finished
  std::int64_t done = 0;
  std::optional<std::int64_t> total;
  std::string result;  ///< when finished
};

/// What a step can ask while it works. thread-safe.
class JobRun {
 public:
  virtual ~JobRun() = default;
  /// The node stops, the job was cancelled, or another node has taken it over: a step that can end early should, with
  /// the position it has come to.
  virtual bool Stopping() const = 0;
};

/// One kind of job. thread-safe: steps of several jobs run at once.
class JobKind {
 public:
  virtual ~JobKind() = default;
  /// A constant; stands in the database.
  virtual std::string_view name() const = 0;
  /// Does the next bounded step from job.position: seconds of work, transactions of its own, none left open. The
  /// position it returns is stored after it; a node that ends between leaves the step to be done again from the same
  /// position, and one that is too slow for its lease may do a step that another does too. So what a step writes must
  /// be determined by job and position, and writing it twice must be the same as once. Errors: with Retry::kLater, the
  /// step is tried again after a pause, a bounded number of times; with kNever, the job
  ///         has failed, and its public text is told.
  virtual fhir::Result<JobStep> Step(const Job& job, const JobRun& run) = 0;
  /// Takes away what the steps left elsewhere, when the job has expired or was cancelled; may be called twice.
  virtual fhir::Result<void> Forget(const Job& /*job*/) { return {}; }
};

/// What asks for jobs. thread-safe.
class Jobs {
 public:
  virtual ~Jobs() = default;
  /// Its id. Errors: kUnavailable with Retry::kLater when the owner has too many open jobs.
  virtual fhir::Result<std::string> Add(const NewJob& job) = 0;
  /// Errors: kNotFound when there is none of that id and owner, also when it was cancelled or has expired.
  virtual fhir::Result<Job> Find(const JobOwner& owner, std::string_view id) = 0;
  /// Ends it, or forgets what came of it. Errors: as Find.
  virtual fhir::Result<void> Cancel(const JobOwner& owner, std::string_view id) = 0;
};

/// Bytes that a job hands out to its owner, by number. What a kind wrote goes by its Forget. thread-safe.
struct JobFile {
  int file = 0;
  std::int64_t rows = 0;  ///< lines
};
class JobFiles {
 public:
  virtual ~JobFiles() = default;
  /// In place of the file of that number, if there is one.
  virtual fhir::Result<void> WriteFile(std::string_view job_id, const JobFile& file, std::string_view bytes) = 0;
  virtual fhir::Result<std::vector<JobFile>> ListFiles(std::string_view job_id) = 0;
  /// Errors: kNotFound.
  virtual fhir::Result<std::string> ReadFile(std::string_view job_id, int file) = 0;
  virtual fhir::Result<void> DeleteFiles(std::string_view job_id) = 0;
};

/// A job that a node works at until its lease ends; `lease` tells this claim from others of the job.
struct ClaimedJob {
  Job job;
  std::int64_t lease = 0;
};

/// What works the jobs off. Everything but Claim and Expired answers false when the claim does not hold any more: its
/// lease ended and another node took the job, or it was cancelled. thread-safe.
class JobQueue {
 public:
  virtual ~JobQueue() = default;
  /// The job that has waited longest, of one of the kinds; nullopt when there is none. A claim of a job whose last
  /// lease ended without a word counts as a failure.
  virtual fhir::Result<std::optional<ClaimedJob>> Claim(std::span<const std::string> kinds, int lease_ms) = 0;
  /// Makes the lease last from now on. Cost: one statement.
  virtual fhir::Result<bool> Beat(const ClaimedJob& claim, int lease_ms) = 0;
  /// A step is done. With `give_back`, the job waits for its turn behind the others.
  virtual fhir::Result<bool> Advance(const ClaimedJob& claim, const JobStep& step, bool give_back) = 0;
  virtual fhir::Result<bool> Finish(const ClaimedJob& claim, const JobStep& step) = 0;
  /// The step failed, and is to be tried again after the delay.
  virtual fhir::Result<bool> Retry(const ClaimedJob& claim, int delay_ms, std::string_view reason) = 0;
  virtual fhir::Result<bool> Fail(const ClaimedJob& claim, std::string_view reason) = 0;
  /// Gives a claim back as it was.
  virtual fhir::Result<bool> Release(const ClaimedJob& claim) = 0;
  /// Jobs to be forgotten, at most `jobs_max`: ended long enough ago, or cancelled and worked at by nobody.
  virtual fhir::Result<std::vector<Job>> Expired(std::span<const std::string> kinds, int jobs_max) = 0;
  /// The row goes. Only after JobKind::Forget.
  virtual fhir::Result<void> Delete(std::string_view id) = 0;
};

}  // namespace adapters::port
