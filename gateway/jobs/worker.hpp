// Works jobs off on this node: claims one, does its steps, stores where it stands after each, and gives it back after a
// while when its turn is over, so that a long job does not hold up a short one.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "adapters/port/jobs.hpp"

namespace gateway::jobs {

struct WorkerOptions {
  int workers = 1;        ///< jobs of this node at a time
  int poll_ms = 1'000;    ///< how long work that another node took in may wait
  int lease_ms = 60'000;  ///< after a crash, others wait so long; renewed at a third of it
  int turn_ms = 2'000;    ///< then the job waits behind the others
  int attempts_max = 10;  ///< failed steps in a row; then the job has failed
  int retry_first_ms = 1'000;
  int retry_max_ms = 60'000;
};

enum class JobEvent : std::uint8_t { kStepped, kFinished, kRetried, kFailed, kLost, kForgotten, kQueueFailed };

/// The event's name in metrics, e.g. "stepped".
std::string_view Name(JobEvent event);

/// What happened, for logs and metrics: names, ids and codes, no content.
struct JobReport {
  JobEvent event;
  std::string id;      ///< empty: of no job
  std::string kind;    ///< likewise
  std::string reason;  ///< code and internal text of an error
  std::int64_t step_ms = 0;
};

/// thread-safe. Every node runs one; they share the queue.
class Worker {
 public:
  /// Queue and kinds are borrowed and outlive the worker. Jobs of other kinds are left to nodes that know them.
  Worker(adapters::port::JobQueue& queue, const std::vector<adapters::port::JobKind*>& kinds,
         WorkerOptions options = {}, std::function<void(const JobReport&)> observer = {});
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void Start();
  /// A job was added on this node: look at once.
  void Wake();
  /// Claims nothing more, lets the steps under way end, gives their jobs back, and returns. Safe to call twice.
  void Stop();

  /// Forgets jobs that have expired or were cancelled, at most `jobs_max`. For a housekeeping duty, or a test.
  fhir::Result<void> ForgetExpired(int jobs_max);

 private:
  class Run;

  void Work();
  void Beat();
  bool WorkOnce();
  void WorkAt(Run& run);
  /// One step and what follows from it: whether the job's turn goes on.
  bool StepOnce(Run& run, bool last_of_turn);
  bool Settle(Run& run, const fhir::Error& error);
  fhir::Result<adapters::port::JobStep> Step(const Run& run);
  void Report(JobEvent event, const adapters::port::Job& job, std::string reason = {}, std::int64_t step_ms = 0);
  bool stopping() const { return stopping_.load(); }

  adapters::port::JobQueue& queue_;
  std::map<std::string, adapters::port::JobKind*, std::less<>> kinds_;
  std::vector<std::string> names_;
  const WorkerOptions options_;
  const std::function<void(const JobReport&)> observer_;

  std::mutex mutex_;
  std::condition_variable woken_;
  std::atomic<bool> stopping_ = false;  // written under mutex_
  std::uint64_t wakes_ = 0;             // guarded by mutex_, as is `runs_`
  std::list<Run*> runs_;                // jobs under way, for the heartbeat
  std::vector<std::thread> workers_;
  std::thread heart_;
};

}  // namespace gateway::jobs
