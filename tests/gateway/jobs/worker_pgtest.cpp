// Jobs on a database, worked off by one node or several: what a crash, a cancel and the end of a job's time come to.
#include "gateway/jobs/worker.hpp"

#include <gtest/gtest.h>

#include <charconv>
#include <chrono>
#include <set>

#include "gateway/store/jobs/job_store.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace gateway::jobs {
namespace {

using adapters::port::Job;
using adapters::port::JobOwner;
using adapters::port::JobRun;
using adapters::port::JobState;
using adapters::port::JobStep;
using adapters::port::PartyKind;
using store::jobs::JobStore;
using tests::support::TestDatabase;

const JobOwner kOwner{PartyKind::kPlatform, "platform"};
const JobOwner kOther{PartyKind::kInsurer, "platform"};

class CountingIds final : public adapters::port::IdSource {
 public:
  std::string NewId() override { return "job-" + std::to_string(++made_); }
  std::string NewUuid() override { return NewId(); }

 private:
  std::atomic<int> made_ = 0;
};

/// Counts from 0 to the number in its parameters, one a step.
class CountUp final : public adapters::port::JobKind {
 public:
  std::string_view name() const override { return "count-up"; }

  fhir::Result<JobStep> Step(const Job& job, const JobRun& run) override {
    if (before_) {
      if (auto failed = before_(job, run); !failed) {
        return std::unexpected(failed.error());
      }
    }
    const int last = NumberOf(job.parameters);
    const int next = NumberOf(job.position) + 1;
    const std::lock_guard lock(mutex_);
    steps_.push_back(next);
    return JobStep{.finished = next >= last,
                   .position = std::to_string(next),
                   .done = next,
                   .total = last,
                   .result = "counted to " + std::to_string(next)};
  }

  fhir::Result<void> Forget(const Job& job) override {
    const std::lock_guard lock(mutex_);
    forgotten_.insert(job.id);
    return {};
  }

  static int NumberOf(const std::string& text) {
    int number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  std::vector<int> steps() {
    const std::lock_guard lock(mutex_);
    return steps_;
  }
  bool Forgot(const std::string& id) {
    const std::lock_guard lock(mutex_);
    return forgotten_.contains(id);
  }

  std::function<fhir::Result<void>(const Job&, const JobRun&)> before_;  // set before the worker starts

 private:
  std::mutex mutex_;
  std::vector<int> steps_;
  std::set<std::string> forgotten_;
};

class JobsTest : public testing::Test {
 protected:
  JobsTest() : pool_(database_.MakePool(6)), store_(*pool_, ids_, {.open_per_owner_max = 3}) {}

  std::string Add(int count, std::int64_t lifetime_ms = 60'000, std::string kind = "count-up") {
    const auto id = store_.Add(
        {.kind = std::move(kind), .owner = kOwner, .parameters = std::to_string(count), .lifetime_ms = lifetime_ms});
    EXPECT_TRUE(id) << id.error().internal_text.text;
    return id.value_or("");
  }

  /// Polls until the job is in a state, or ten seconds have passed.
  fhir::Result<Job> Await(const std::string& id, JobState state) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    auto job = store_.Find(kOwner, id);
    while (job && job->state != state && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      job = store_.Find(kOwner, id);
    }
    return job;
  }

  void Sql(const std::string& sql) { ASSERT_TRUE(database_.Connect()->ExecuteScript("test", sql)); }

  static constexpr WorkerOptions kQuick{.workers = 2, .poll_ms = 5, .lease_ms = 30'000, .retry_first_ms = 1};
  inline static const std::string kKinds[] = {"count-up"};

  TestDatabase database_;
  std::unique_ptr<store::pg::Pool> pool_;
  CountingIds ids_;
  JobStore store_;
  CountUp kind_;
};

TEST_F(JobsTest, Job_IsDoneStepByStepAndTellsItsResult) {
  const std::string id = Add(4);
  EXPECT_EQ(store_.Find(kOwner, id)->state, JobState::kAccepted);
  Worker worker(store_, {&kind_}, kQuick);
  worker.Start();
  const auto job = Await(id, JobState::kDone);
  ASSERT_TRUE(job);
  EXPECT_EQ(job->state, JobState::kDone);
  EXPECT_EQ(job->result, "counted to 4");
  EXPECT_EQ(job->done, 4);
  EXPECT_EQ(job->total, 4);
  EXPECT_GT(job->expires_us, job->finished_us);
  EXPECT_EQ(kind_.steps(), (std::vector{1, 2, 3, 4}));
}

TEST_F(JobsTest, OtherParty_SeesNothing) {
  const std::string id = Add(4);
  EXPECT_EQ(store_.Find(kOther, id).error().code, fhir::ErrorCode::kNotFound);
  EXPECT_EQ(store_.Cancel(kOther, id).error().code, fhir::ErrorCode::kNotFound);
  EXPECT_TRUE(store_.Find(kOwner, id));
}

TEST_F(JobsTest, TooManyOpenJobsOfAnOwner_AreRefusedForNow) {
  Add(1);
  Add(1);
  Add(1);
  const auto refused = store_.Add({.kind = "count-up", .owner = kOwner, .parameters = "1"});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, fhir::ErrorCode::kUnavailable);
  EXPECT_EQ(refused.error().retry, fhir::Retry::kLater);
  EXPECT_TRUE(store_.Add({.kind = "count-up", .owner = kOther, .parameters = "1"}));
}

TEST_F(JobsTest, NodeThatCrashed_IsFollowedFromThePositionWhenItsLeaseEnds) {
  const std::string id = Add(5);
  const auto crashed = store_.Claim(kKinds, 60'000);
  ASSERT_TRUE(crashed && *crashed);
  ASSERT_TRUE(*store_.Advance(**crashed, {.position = "3", .done = 3, .total = 5}, false));
  EXPECT_FALSE(store_.Claim(kKinds, 60'000)->has_value());  // the lease holds
  Sql("UPDATE job SET lease_until = clock_timestamp() - interval '1 ms'");
  Worker worker(store_, {&kind_}, kQuick);
  worker.Start();
  ASSERT_EQ(Await(id, JobState::kDone)->state, JobState::kDone);
  EXPECT_EQ(kind_.steps(), (std::vector{4, 5}));
  // What the crashed node would still write is refused.
  EXPECT_FALSE(*store_.Advance(**crashed, {.position = "1"}, false));
  EXPECT_FALSE(*store_.Finish(**crashed, {.result = "late"}));
  EXPECT_FALSE(*store_.Fail(**crashed, "late"));
  EXPECT_FALSE(*store_.Beat(**crashed, 60'000));
  EXPECT_EQ(store_.Find(kOwner, id)->result, "counted to 5");
}

TEST_F(JobsTest, StepThatEndsItsNodeEachTime_IsGivenUp) {
  const std::string id = Add(5);
  for (int crash = 0; crash < 3; ++crash) {
    ASSERT_TRUE(store_.Claim(kKinds, 60'000)->has_value());
    Sql("UPDATE job SET lease_until = clock_timestamp() - interval '1 ms'");
  }
  WorkerOptions options = kQuick;
  options.attempts_max = 3;
  Worker worker(store_, {&kind_}, options);
  worker.Start();
  EXPECT_EQ(Await(id, JobState::kFailed)->state, JobState::kFailed);
  EXPECT_TRUE(kind_.steps().empty());
}

TEST_F(JobsTest, StepLongerThanTheLease_KeepsItsClaimByTheHeartbeat) {
  WorkerOptions options = kQuick;
  options.lease_ms = 60;
  const std::string id = Add(1);
  std::atomic<bool> other_claimed = false;
  kind_.before_ = [&](const Job&, const JobRun& run) -> fhir::Result<void> {
    const auto end = std::chrono::steady_clock::now() + std::chrono::milliseconds(400);
    while (std::chrono::steady_clock::now() < end && !run.Stopping()) {
      other_claimed = other_claimed || store_.Claim(kKinds, 60'000)->has_value();
      std::this_thread::sleep_for(std::chrono::milliseconds(10));
    }
    return {};
  };
  Worker worker(store_, {&kind_}, options);
  worker.Start();
  // A machine that is stopped for longer than the lease may lose it: then the job is done by the other claim or again.
  const auto job = Await(id, JobState::kDone);
  EXPECT_TRUE(job->state == JobState::kDone || other_claimed);
  if (!other_claimed) {
    EXPECT_EQ(kind_.steps(), (std::vector{1}));
  }
}

TEST_F(JobsTest, Cancelled_StopsTheStepAndIsForgotten) {
  WorkerOptions options = kQuick;
  options.lease_ms = 30;
  const std::string id = Add(1'000'000);
  std::atomic<bool> begun = false;
  kind_.before_ = [&](const Job&, const JobRun& run) -> fhir::Result<void> {
    begun = true;
    while (!run.Stopping()) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return {};
  };
  Worker worker(store_, {&kind_}, options);
  worker.Start();
  while (!begun) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  ASSERT_TRUE(store_.Cancel(kOwner, id));
  EXPECT_EQ(store_.Find(kOwner, id).error().code, fhir::ErrorCode::kNotFound);
  EXPECT_EQ(store_.Cancel(kOwner, id).error().code, fhir::ErrorCode::kNotFound);
  while (!kind_.Forgot(id)) {
    ASSERT_TRUE(worker.ForgetExpired(10));
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  worker.Stop();
  EXPECT_EQ((*database_.Connect()->ExecuteAdHoc("test", "SELECT count(*) FROM job", {}))[0].Int(0), 0);
}

TEST_F(JobsTest, EndedJob_IsKnownForItsTimeAndThenForgotten) {
  const std::string id = Add(1, 3'600'000);
  Worker worker(store_, {&kind_}, kQuick);
  worker.Start();
  ASSERT_EQ(Await(id, JobState::kDone)->state, JobState::kDone);
  ASSERT_TRUE(worker.ForgetExpired(10));
  EXPECT_TRUE(store_.Find(kOwner, id));
  Sql("UPDATE job SET expires_at = clock_timestamp()");
  EXPECT_EQ(store_.Find(kOwner, id).error().code, fhir::ErrorCode::kNotFound);
  ASSERT_TRUE(worker.ForgetExpired(10));
  EXPECT_TRUE(kind_.Forgot(id));
  EXPECT_EQ((*database_.Connect()->ExecuteAdHoc("test", "SELECT count(*) FROM job", {}))[0].Int(0), 0);
}

TEST_F(JobsTest, PassingTrouble_IsTriedAgainAndOtherTroubleEndsTheJob) {
  std::atomic<int> troubles = 0;
  kind_.before_ = [&](const Job& job, const JobRun&) -> fhir::Result<void> {
    if (job.parameters == "9") {
      return fhir::Fail(fhir::ErrorCode::kForbidden, "not allowed");
    }
    if (++troubles <= 2) {
      return fhir::Fail(fhir::ErrorCode::kUnavailable, {"away"}, {}, fhir::Retry::kLater);
    }
    return {};
  };
  const std::string passing = Add(2);
  const std::string lasting = Add(9);
  Worker worker(store_, {&kind_}, kQuick);
  worker.Start();
  EXPECT_EQ(Await(passing, JobState::kDone)->state, JobState::kDone);
  const auto failed = Await(lasting, JobState::kFailed);
  EXPECT_EQ(failed->state, JobState::kFailed);
  EXPECT_EQ(failed->reason, "not allowed");
  EXPECT_EQ(kind_.steps(), (std::vector{1, 2}));
}

TEST_F(JobsTest, TroubleThatDoesNotPass_EndsTheJobAfterItsAttempts) {
  std::atomic<int> troubles = 0;
  kind_.before_ = [&](const Job&, const JobRun&) -> fhir::Result<void> {
    ++troubles;
    return fhir::Fail(fhir::ErrorCode::kUnavailable, {"away"}, {}, fhir::Retry::kLater);
  };
  WorkerOptions options = kQuick;
  options.attempts_max = 3;
  const std::string id = Add(2);
  Worker worker(store_, {&kind_}, options);
  worker.Start();
  EXPECT_EQ(Await(id, JobState::kFailed)->reason, "away");
  EXPECT_EQ(troubles, 3);
}

TEST_F(JobsTest, LongJob_LeavesShortOnesTheirTurn) {
  WorkerOptions options = kQuick;
  options.workers = 1;
  options.turn_ms = 0;
  const std::string longer = Add(1'000'000);
  const std::string shorter = Add(3);
  Worker worker(store_, {&kind_}, options);
  worker.Start();
  EXPECT_EQ(Await(shorter, JobState::kDone)->state, JobState::kDone);
  EXPECT_EQ(store_.Find(kOwner, longer)->state, JobState::kRunning);
}

TEST_F(JobsTest, StoppedNode_GivesTheJobBackAtOnce) {
  const std::string id = Add(1'000'000);
  std::atomic<int> steps = 0;
  kind_.before_ = [&](const Job&, const JobRun&) -> fhir::Result<void> {
    ++steps;
    return {};
  };
  {
    Worker worker(store_, {&kind_}, kQuick);
    worker.Start();
    while (steps < 3) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    worker.Stop();
  }
  const int done = static_cast<int>(store_.Find(kOwner, id)->done);
  EXPECT_EQ(done, steps.load());
  const auto claimed = store_.Claim(kKinds, 60'000);
  ASSERT_TRUE(claimed && claimed->has_value());
  EXPECT_EQ((*claimed)->job.position, std::to_string(done));
  EXPECT_EQ((*claimed)->job.failures, 0);
}

TEST_F(JobsTest, UnknownKind_IsLeftToNodesThatKnowIt) {
  const std::string id = Add(1, 60'000, "later-release");
  EXPECT_FALSE(store_.Claim(kKinds, 60'000)->has_value());
  EXPECT_EQ(store_.Find(kOwner, id)->state, JobState::kAccepted);
  EXPECT_EQ(store_.Count()->waiting, 1);
}

TEST_F(JobsTest, ManyNodes_ClaimEachJobOnce) {
  Add(40);
  Add(40);
  Add(40);
  Worker one(store_, {&kind_}, kQuick);
  Worker two(store_, {&kind_}, kQuick);
  one.Start();
  two.Start();
  for (const char* id : {"job-1", "job-2", "job-3"}) {
    EXPECT_EQ(Await(id, JobState::kDone)->state, JobState::kDone);
  }
  one.Stop();
  two.Stop();
  const auto steps = kind_.steps();
  EXPECT_EQ(steps.size(), 120u);
  for (int number = 1; number <= 40; ++number) {
    EXPECT_EQ(std::count(steps.begin(), steps.end(), number), 3);
  }
}

}  // namespace
}  // namespace gateway::jobs
