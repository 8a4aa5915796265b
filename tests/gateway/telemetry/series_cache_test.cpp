#include "gateway/telemetry/series_cache.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

namespace gateway::telemetry {
namespace {

TEST(SeriesCache_SameKey, IsMadeOnce) {
  SeriesCache<int> cache;
  int made = 0;
  const auto make = [&made] { return ++made; };
  EXPECT_EQ(cache.Get("read_head", make), 1);
  EXPECT_EQ(cache.Get("read_head", make), 1);
  EXPECT_EQ(cache.Get("commit", make), 2);
  EXPECT_EQ(cache.Get("read_head", make), 1);
}

TEST(SeriesCache_MoreKeysThanItKeeps, StillAnswersEachByItsOwn) {
  SeriesCache<std::string> cache;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 3000; ++i) {
      const std::string key = std::to_string(i);
      ASSERT_EQ(cache.Get(key, [&key] { return key; }), key);
    }
  }
}

TEST(SeriesCache_ManyThreads, EachFindsTheSeriesOfItsKey) {
  SeriesCache<int> cache;
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&] {
      for (int i = 0; i < 20'000; ++i) {
        const int number = i % 300;
        if (cache.Get(std::to_string(number), [number] { return number; }) != number) {
          ++wrong;
        }
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(wrong, 0);
}

}  // namespace
}  // namespace gateway::telemetry
