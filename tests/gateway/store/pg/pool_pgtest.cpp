#include "gateway/store/pg/pool.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "gateway/store/pg/transaction.hpp"
#include "tests/support/postgres/test_database.hpp"

namespace gateway::store::pg {
namespace {

using tests::support::SharedDatabase;

constexpr Statement kPid{"p_pid", "SELECT pg_backend_pid()"};
constexpr Statement kKill{"p_kill", "SELECT pg_terminate_backend($1::int, 5000)"};

TEST(Pool, Released_IsUsedAgain) {
  Pool pool({.connection = SharedDatabase().Options(), .connections_max = 2});
  std::int64_t first = 0;
  {
    const auto lease = pool.Acquire();
    ASSERT_TRUE(lease);
    first = (*(*lease)->Execute(kPid))[0].Int(0);
  }
  const auto lease = pool.Acquire();
  ASSERT_TRUE(lease);
  EXPECT_EQ((*(*lease)->Execute(kPid))[0].Int(0), first);
  EXPECT_EQ(pool.state().open, 1);
  EXPECT_EQ(pool.state().in_use, 1);
}

TEST(Pool, AtItsLimit_WaitsThenIsUnavailable) {
  Pool pool({.connection = SharedDatabase().Options(), .connections_max = 1, .wait_ms_max = 30});
  const auto lease = pool.Acquire();
  ASSERT_TRUE(lease);
  const auto second = pool.Acquire();
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, fhir::ErrorCode::kUnavailable);
  EXPECT_EQ(second.error().retry, fhir::Retry::kLater);
}

TEST(Pool, OpenTransaction_DoesNotReachTheNextUser) {
  Pool pool({.connection = SharedDatabase().Options(), .connections_max = 1});
  {
    const auto lease = pool.Acquire();
    ASSERT_TRUE((*lease)->ExecuteScript("p", "BEGIN; CREATE TABLE left_open (id int)"));
  }
  const auto lease = pool.Acquire();
  ASSERT_TRUE(lease);
  EXPECT_TRUE((*lease)->idle());
  const auto rows = (*lease)->ExecuteAdHoc("p", "SELECT to_regclass('left_open') IS NULL", {});
  EXPECT_TRUE((*rows)[0].Bool(0));
}

TEST(Pool, ConnectionKilledWhileIdle_IsReplacedUnseen) {
  Pool pool({.connection = SharedDatabase().Options(), .connections_max = 1});
  std::int64_t pid = 0;
  {
    const auto lease = pool.Acquire();
    pid = (*(*lease)->Execute(kPid))[0].Int(0);
  }
  ASSERT_TRUE(SharedDatabase().Connect()->Execute(kKill, Parameters().Int(pid)));
  EXPECT_TRUE(pool.CheckHealth());
}

TEST(Pool, ConnectionKilledInUse_FailsOnceAndIsReplaced) {
  Pool pool({.connection = SharedDatabase().Options(), .connections_max = 1});
  {
    const auto lease = pool.Acquire();
    const std::int64_t pid = (*(*lease)->Execute(kPid))[0].Int(0);
    ASSERT_TRUE(SharedDatabase().Connect()->Execute(kKill, Parameters().Int(pid)));
    const auto rows = (*lease)->Execute(kPid);
    ASSERT_FALSE(rows);
    EXPECT_EQ(rows.error().code, fhir::ErrorCode::kUnavailable);
    EXPECT_EQ(rows.error().retry, fhir::Retry::kLater);
    EXPECT_TRUE((*lease)->broken());
  }
  EXPECT_EQ(pool.state().open, 0);
  EXPECT_TRUE(pool.CheckHealth());
}

TEST(Pool, ConnectionKilledInTransactionAndPipeline_IsReplaced) {
  Pool pool({.connection = SharedDatabase().Options(), .connections_max = 1});
  {
    const auto lease = pool.Acquire();
    Transaction transaction(**lease);
    const std::int64_t pid = (*(*lease)->Execute(kPid))[0].Int(0);
    ASSERT_TRUE(SharedDatabase().Connect()->Execute(kKill, Parameters().Int(pid)));
    Pipeline pipeline(**lease);
    pipeline.Add(kPid);
    pipeline.Add(kPid);
    const auto all = transaction.CommitWith(pipeline);
    ASSERT_FALSE(all);
    EXPECT_EQ(all.error().code, fhir::ErrorCode::kUnavailable);
  }
  EXPECT_TRUE(pool.CheckHealth());
}

TEST(Pool, ManyThreads_ShareFewConnections) {
  Pool pool({.connection = SharedDatabase().Options(), .connections_max = 3, .wait_ms_max = 20'000});
  std::atomic<int> done = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 12; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 50; ++i) {
        const auto lease = pool.Acquire();
        if (lease && (*lease)->Execute(kPid)) {
          ++done;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(done, 600);
  EXPECT_LE(pool.state().open, 3);
  EXPECT_EQ(pool.state().in_use, 0);
}

TEST(Pool, ManyThreadsAndConnectionsThatBreak_LeaveTheCountsRight) {
  Pool pool({.connection = SharedDatabase().Options(), .connections_max = 3, .wait_ms_max = 20'000});
  std::atomic<int> refused = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 20; ++i) {
        const auto lease = pool.Acquire();
        if (!lease) {
          ++refused;
        } else if ((i + t) % 5 == 0) {
          EXPECT_FALSE((*lease)->ExecuteScript("p", "SELECT pg_terminate_backend(pg_backend_pid())"));
        } else if ((i + t) % 5 == 1) {
          EXPECT_TRUE((*lease)->ExecuteScript("p", "BEGIN"));  // left open: the connection is dropped
        } else {
          EXPECT_TRUE((*lease)->Execute(kPid));
        }
        EXPECT_LE(pool.state().in_use, 3);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(refused, 0);
  EXPECT_EQ(pool.state().in_use, 0);
  EXPECT_LE(pool.state().open, 3);
  EXPECT_TRUE(pool.CheckHealth());
}

TEST(Pool, ServerAway_IsUnavailableAndHoldsNoPlace) {
  Pool pool({.connection = {.conninfo = "host=/nonexistent"}, .connections_max = 1, .wait_ms_max = 50});
  for (int i = 0; i < 3; ++i) {
    const auto health = pool.CheckHealth();
    ASSERT_FALSE(health);
    EXPECT_EQ(health.error().code, fhir::ErrorCode::kUnavailable);
  }
  EXPECT_EQ(pool.state().open, 0);
}

}  // namespace
}  // namespace gateway::store::pg
