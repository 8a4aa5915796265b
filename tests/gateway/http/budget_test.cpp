#include "gateway/http/poco/budget.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace gateway::http::poco {
namespace {

using Clock = std::chrono::steady_clock;

TEST(BodyBudget, Exhausted_TimesOutThenGrantsAfterGive) {
  Budget budget(10, 4);
  EXPECT_EQ(budget.Take(6, Clock::now()), Budget::Outcome::kGranted);
  EXPECT_EQ(budget.Take(4, Clock::now()), Budget::Outcome::kGranted);
  EXPECT_EQ(budget.Take(1, Clock::now()), Budget::Outcome::kTimeout);
  budget.Give(6);
  EXPECT_EQ(budget.Take(6, Clock::now()), Budget::Outcome::kGranted);
}

TEST(BodyBudget, LargeDemandWaits_SmallOneBehindIt_DoesNotOvertake) {
  Budget budget(10, 4);
  ASSERT_EQ(budget.Take(5, Clock::now()), Budget::Outcome::kGranted);
  std::thread large([&budget] {
    EXPECT_EQ(budget.Take(10, Clock::now() + std::chrono::seconds(20)), Budget::Outcome::kGranted);
    budget.Give(10);
  });
  while (budget.waiting() == 0) {
    std::this_thread::yield();
  }
  EXPECT_EQ(budget.Take(1, Clock::now()), Budget::Outcome::kTimeout);
  budget.Give(5);
  large.join();
  EXPECT_EQ(budget.taken(), 0u);
}

TEST(BodyBudget, QueueLimit_Past_IsFullAtOnce) {
  Budget budget(1, 0);
  ASSERT_EQ(budget.Take(1, Clock::now()), Budget::Outcome::kGranted);
  EXPECT_EQ(budget.Take(1, Clock::now() + std::chrono::hours(1)), Budget::Outcome::kQueueFull);
}

}  // namespace
}  // namespace gateway::http::poco
