#include "gateway/jobs/worker.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

namespace gateway::jobs {
namespace {

using adapters::port::ClaimedJob;
using adapters::port::Job;
using adapters::port::JobKind;
using adapters::port::JobStep;
using WorkerClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

std::string CodeAndText(const fhir::Error& error) {
  return error.internal_text.text.empty() ? std::string(fhir::Name(error.code))
                                          : fmt::format("{}: {}", fhir::Name(error.code), error.internal_text.text);
}

std::int64_t MillisSince(WorkerClock::time_point begin) {
  return std::chrono::duration_cast<milliseconds>(WorkerClock::now() - begin).count();
}

int PauseOf(const WorkerOptions& options, int failures) {
  const std::int64_t doubled = std::int64_t{options.retry_first_ms} << std::min(failures, 20);
  return static_cast<int>(std::min<std::int64_t>(doubled, options.retry_max_ms));
}

}  // namespace

std::string_view Name(JobEvent event) {
  switch (event) {
    case JobEvent::kStepped:
      return "stepped";
    case JobEvent::kFinished:
      return "finished";
    case JobEvent::kRetried:
      return "retried";
    case JobEvent::kFailed:
      return "failed";
    case JobEvent::kLost:
      return "lost";
    case JobEvent::kForgotten:
      return "forgotten";
    case JobEvent::kQueueFailed:
      return "queue-failed";
  }
  return "queue-failed";
}

/// A claim under way. Its step asks it, the heartbeat tells it.
class Worker::Run final : public adapters::port::JobRun {
 public:
  Run(const Worker& worker, ClaimedJob claimed) : claim(std::move(claimed)), worker_(worker) {}
  bool Stopping() const override { return lost || worker_.stopping(); }

  ClaimedJob claim;                // the worker's thread alone changes it, and never its id or lease
  std::atomic<bool> lost = false;  // the claim does not hold any more

 private:
  const Worker& worker_;
};

Worker::Worker(adapters::port::JobQueue& queue, const std::vector<JobKind*>& kinds, WorkerOptions options,
               std::function<void(const JobReport&)> observer)
    : queue_(queue), options_(options), observer_(std::move(observer)) {
  for (JobKind* kind : kinds) {
    kinds_.emplace(std::string(kind->name()), kind);
    names_.emplace_back(kind->name());
  }
}

Worker::~Worker() {
  Stop();
}

void Worker::Start() {
  for (int i = 0; i < options_.workers; ++i) {
    workers_.emplace_back([this] { Work(); });
  }
  heart_ = std::thread([this] { Beat(); });
}

void Worker::Wake() {
  {
    const std::lock_guard lock(mutex_);
    ++wakes_;
  }
  woken_.notify_all();
}

void Worker::Stop() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  woken_.notify_all();
  for (std::thread& worker : workers_) {
    worker.join();
  }
  workers_.clear();
  if (heart_.joinable()) {
    heart_.join();
  }
}

void Worker::Report(JobEvent event, const Job& job, std::string reason, std::int64_t step_ms) {
  if (observer_) {
    observer_({event, job.id, job.kind, std::move(reason), step_ms});
  }
}

void Worker::Work() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    const std::uint64_t wakes_seen = wakes_;
    lock.unlock();
    const bool found = WorkOnce();
    lock.lock();
    if (!found && !stopping_) {
      woken_.wait_for(lock, milliseconds(options_.poll_ms), [&] { return stopping_ || wakes_ != wakes_seen; });
    }
  }
}

bool Worker::WorkOnce() {
  auto claimed = queue_.Claim(names_, options_.lease_ms);
  if (!claimed) {
    Report(JobEvent::kQueueFailed, {}, CodeAndText(claimed.error()));
    return false;
  }
  if (!*claimed) {
    return false;
  }
  Run run(*this, **std::move(claimed));
  const auto place = [&] {
    const std::lock_guard lock(mutex_);
    return runs_.insert(runs_.end(), &run);
  }();
  WorkAt(run);
  {
    const std::lock_guard lock(mutex_);
    runs_.erase(place);
  }
  if (stopping()) {
    woken_.notify_all();  // the heartbeat may end
  }
  return true;
}

// The heartbeat holds what it beats for by mutex_ no longer than it copies: a claim's id and lease never change.
void Worker::Beat() {
  std::unique_lock lock(mutex_);
  while (!stopping_ || !runs_.empty()) {
    // A stopping node beats on until its last step has ended.
    woken_.wait_for(lock, milliseconds(std::max(options_.lease_ms / 3, 1)), [&] { return stopping_ && runs_.empty(); });
    std::vector<ClaimedJob> claims;
    for (const Run* run : runs_) {
      ClaimedJob& claim = claims.emplace_back();
      claim.job.id = run->claim.job.id;
      claim.lease = run->claim.lease;
    }
    lock.unlock();
    std::vector<ClaimedJob> lost;
    for (const ClaimedJob& claim : claims) {
      // A database that does not answer says nothing about the claim.
      if (const auto held = queue_.Beat(claim, options_.lease_ms); held && !*held) {
        lost.push_back(claim);
      }
    }
    lock.lock();
    for (Run* run : runs_) {
      run->lost = run->lost || std::any_of(lost.begin(), lost.end(), [&](const ClaimedJob& claim) {
                    return claim.job.id == run->claim.job.id && claim.lease == run->claim.lease;
                  });
    }
  }
}

void Worker::WorkAt(Run& run) {
  // Each claim after a lease that ended without a word counts: a step that ends its node does not do so for ever.
  if (run.claim.job.failures >= options_.attempts_max) {
    const auto failed = queue_.Fail(run.claim, "the work was begun again and again without success");
    Report(failed ? JobEvent::kFailed : JobEvent::kQueueFailed, run.claim.job, "given up");
    return;
  }
  const auto begin = WorkerClock::now();
  bool goes_on = true;
  while (goes_on && !run.Stopping()) {
    goes_on = StepOnce(run, MillisSince(begin) >= options_.turn_ms);
  }
  if (goes_on) {
    if (run.lost) {
      Report(JobEvent::kLost, run.claim.job);
    }
    if (const auto released = queue_.Release(run.claim); !released) {
      Report(JobEvent::kQueueFailed, run.claim.job, CodeAndText(released.error()));
    }
  }
}

fhir::Result<JobStep> Worker::Step(const Run& run) {
  try {
    return kinds_.at(run.claim.job.kind)->Step(run.claim.job, run);
  } catch (const std::exception&) {
    // The last resort of this thread. The exception's text may quote content.
    return fhir::Fail(fhir::ErrorCode::kInternal, {"internal error"}, {"exception in a step"}, fhir::Retry::kLater);
  }
}

bool Worker::StepOnce(Run& run, bool last_of_turn) {
  const auto begin = WorkerClock::now();
  auto step = Step(run);
  if (!step) {
    return Settle(run, step.error());
  }
  const bool give_back = last_of_turn || stopping();
  const auto held = step->finished ? queue_.Finish(run.claim, *step) : queue_.Advance(run.claim, *step, give_back);
  if (!held) {
    // The step is done again, from the same position, by whoever claims the job when the lease has ended.
    Report(JobEvent::kQueueFailed, run.claim.job, CodeAndText(held.error()));
    return false;
  }
  if (!*held) {
    run.lost = true;
    return true;
  }
  Report(step->finished ? JobEvent::kFinished : JobEvent::kStepped, run.claim.job, {}, MillisSince(begin));
  run.claim.job.position = std::move(step->position);
  run.claim.job.done = step->done;
  run.claim.job.total = step->total;
  run.claim.job.failures = 0;
  return !step->finished && !give_back;
}

bool Worker::Settle(Run& run, const fhir::Error& error) {
  const Job& job = run.claim.job;
  const bool again = error.retry == fhir::Retry::kLater && job.failures + 1 < options_.attempts_max;
  const auto held = again ? queue_.Retry(run.claim, PauseOf(options_, job.failures), error.public_text.text)
                          : queue_.Fail(run.claim, error.public_text.text);
  if (held && !*held) {
    run.lost = true;
    return true;
  }
  Report(!held   ? JobEvent::kQueueFailed
         : again ? JobEvent::kRetried
                 : JobEvent::kFailed,
         job, CodeAndText(held ? error : held.error()));
  return false;
}

fhir::Result<void> Worker::ForgetExpired(int jobs_max) {
  GW_ASSIGN(const std::vector<Job> expired, queue_.Expired(names_, jobs_max));
  for (const Job& job : expired) {
    GW_TRY(kinds_.at(job.kind)->Forget(job));
    GW_TRY(queue_.Delete(job.id));
    Report(JobEvent::kForgotten, job);
  }
  return {};
}

}  // namespace gateway::jobs
