// Small parts of the program: ids, the routes of operations, the HTTP pipeline, housekeeping.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cctype>
#include <future>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "gateway/app/clock_and_ids.hpp"
#include "gateway/app/housekeeping.hpp"
#include "gateway/app/operations_routes.hpp"

namespace gateway::app {
namespace {

using testing::HasSubstr;

TEST(TimeOrderedUuids, HasTheShapeOfTheRfc) {
  TimeOrderedIds source;
  for (int i = 0; i < 1000; ++i) {
    const std::string id = source.NewUuid();
    ASSERT_EQ(id.size(), 36u);
    for (std::size_t at = 0; at < id.size(); ++at) {
      const bool dash = at == 8 || at == 13 || at == 18 || at == 23;
      ASSERT_TRUE(dash ? id[at] == '-' : std::isdigit(id[at]) != 0 || (id[at] >= 'a' && id[at] <= 'f')) << id;
    }
    EXPECT_EQ(id[14], '7') << id;
    EXPECT_NE(std::string("89ab").find(id[19]), std::string::npos) << id;
  }
}

/// The milliseconds in an id's first twelve digits.
std::int64_t MillisecondsOf(const std::string& id) {
  return static_cast<std::int64_t>(std::stoull(id.substr(0, 8) + id.substr(9, 4), nullptr, 16));
}

TEST(TimeOrderedUuids, BeginsWithTheTime_SoLaterIdsSortBehind) {
  TimeOrderedIds source;
  const std::int64_t before_ms = SystemClock().NowUs() / 1000;
  const std::string first = source.NewUuid();
  std::this_thread::sleep_for(std::chrono::milliseconds(3));
  const std::string second = source.NewUuid();
  const std::int64_t after_ms = SystemClock().NowUs() / 1000;
  EXPECT_LT(first, second);
  EXPECT_GE(MillisecondsOf(first), before_ms);
  EXPECT_LE(MillisecondsOf(second), after_ms);
}

TEST(TimeOrderedIds, AreShortAndAscend) {
  TimeOrderedIds source;
  std::string last;
  for (int i = 0; i < 10'000; ++i) {
    std::string id = source.NewId();
    ASSERT_EQ(id.size(), 18u);
    ASSERT_TRUE(std::all_of(id.begin(), id.end(), [](unsigned char c) { return std::isalnum(c) != 0; })) << id;
    ASSERT_LT(last, id);
    last = std::move(id);
  }
}

TEST(TimeOrderedIds, OfTwoSources_AscendWithTime_AndDiffer) {
  TimeOrderedIds one, other;
  const std::string first = one.NewId();
  std::this_thread::sleep_for(std::chrono::milliseconds(3));
  const std::string second = other.NewId();
  EXPECT_LT(first, second);
  EXPECT_NE(first.substr(9), second.substr(9)) << "chance, once in 10^16 runs";
}

TEST(TimeOrderedIds, FromManyThreads_NeverRepeats) {
  TimeOrderedIds source;
  std::vector<std::future<std::vector<std::string>>> parts;
  for (int i = 0; i < 4; ++i) {
    parts.push_back(std::async(std::launch::async, [&] {
      std::vector<std::string> ids;
      for (int n = 0; n < 5000; ++n) {
        ids.push_back(source.NewId());
      }
      return ids;
    }));
  }
  std::set<std::string> all;
  for (auto& part : parts) {
    for (std::string& id : part.get()) {
      EXPECT_TRUE(all.insert(std::move(id)).second);
    }
  }
}

http::Response AskOperations(const std::string& path, fhir::Result<void> ready, const telemetry::Metrics& metrics) {
  auto router = http::Router::Create(OperationsRoutes([ready] { return ready; }, metrics));
  EXPECT_TRUE(router);
  http::Request request;
  request.method = http::Method::kGet;
  request.path = path;
  return http::RouteWith(*std::move(router), http::DefaultErrorBody)(request);
}

TEST(OperationsRoutes, Live_HoldsWhileTheDatabaseIsAway_ReadyDoesNot) {
  const telemetry::Metrics metrics;
  const auto away = fhir::Fail(fhir::ErrorCode::kUnavailable, {"away"}, {"host=db.internal refused"});
  EXPECT_EQ(AskOperations("/health/live", away, metrics).status, 200);
  const http::Response not_ready = AskOperations("/health/ready", away, metrics);
  EXPECT_EQ(not_ready.status, 503);
  EXPECT_EQ(not_ready.headers.Get("Retry-After"), "5");
  EXPECT_EQ(not_ready.headers.Get("Cache-Control"), "no-store");
  EXPECT_EQ(not_ready.body, "unavailable\n") << "the code alone: whoever asks is not known";
  const http::Response ready = AskOperations("/health/ready", {}, metrics);
  EXPECT_EQ(ready.status, 200);
  EXPECT_EQ(ready.body, "ready\n");
}

TEST(OperationsRoutes, Metrics_AreThePrometheusText) {
  telemetry::Metrics metrics;
  metrics.GetCounter("passerelle_test_total", "A test.").Add(3);
  const http::Response response = AskOperations("/metrics", {}, metrics);
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.Get("Content-Type"), telemetry::kExpositionMediaType);
  EXPECT_THAT(response.body, HasSubstr("passerelle_test_total 3\n"));
}

/// Waits until `holds` or 10 s have passed.
template <typename Condition>
bool Eventually(Condition holds) {
  for (int i = 0; i < 2000 && !holds(); ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return holds();
}

TEST(Housekeeping, EveryDutyRunsAtOnceAndAgain_AlsoAfterAFailureOrAnException) {
  std::atomic<int> good{0};
  std::atomic<int> bad{0};
  std::atomic<int> thrown{0};
  std::atomic<int> told{0};
  std::vector<Duty> duties;
  duties.push_back({"good", 1, [&]() -> fhir::Result<void> {
                      ++good;
                      return {};
                    }});
  duties.push_back({"bad", 1, [&]() -> fhir::Result<void> {
                      ++bad;
                      return fhir::Fail(fhir::ErrorCode::kUnavailable, "away");
                    }});
  duties.push_back({"thrown", 1, [&]() -> fhir::Result<void> {
                      ++thrown;
                      throw std::runtime_error("secret");
                    }});
  Housekeeping housekeeping(std::move(duties), [&](std::string_view name, const fhir::Error& error) {
    EXPECT_NE(name, "good");
    EXPECT_EQ(error.public_text.text.find("secret"), std::string::npos);
    ++told;
  });
  housekeeping.Start();
  EXPECT_TRUE(Eventually([&] { return good > 2 && bad > 2 && thrown > 2; }));
  housekeeping.Stop();
  EXPECT_EQ(told, bad + thrown);
  const int after = good;
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(good, after);
}

TEST(Housekeeping, Stop_DoesNotWaitForThePeriod) {
  std::atomic<int> runs{0};
  std::vector<Duty> duties;
  duties.push_back({"rare", 3'600'000, [&]() -> fhir::Result<void> {
                      ++runs;
                      return {};
                    }});
  Housekeeping housekeeping(std::move(duties), {});
  housekeeping.Start();
  EXPECT_TRUE(Eventually([&] { return runs == 1; }));
  const auto start = std::chrono::steady_clock::now();
  housekeeping.Stop();
  housekeeping.Stop();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(5));
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace gateway::app
