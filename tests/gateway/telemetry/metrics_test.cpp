#include "gateway/telemetry/metrics.hpp"

#include <gtest/gtest.h>

#include <thread>

namespace gateway::telemetry {
namespace {

TEST(MetricsText, EveryKind_FollowsTheFormat) {
  Metrics metrics;
  metrics.GetCounter("b_total", "Things.", {{"kind", "x"}}).Add(3);
  metrics.GetCounter("b_total", "Things.", {{"kind", "y"}}).Add();
  metrics.GetGauge("a", "A\nlevel\\.").Set(-2);
  const double bounds[] = {0.5, 1};
  Histogram& histogram = metrics.GetHistogram("c_seconds", "Time.", {{"route", "/r"}}, bounds);
  histogram.Observe(0.5);
  histogram.Observe(0.75);
  histogram.Observe(9);
  metrics.AddGauge("d", "Read.", [] { return 1.5; });
  EXPECT_EQ(metrics.Exposition(),
            "# HELP a A\\nlevel\\\\.\n# TYPE a gauge\na -2\n"
            "# HELP b_total Things.\n# TYPE b_total counter\nb_total{kind=\"x\"} 3\nb_total{kind=\"y\"} 1\n"
            "# HELP c_seconds Time.\n# TYPE c_seconds histogram\n"
            "c_seconds_bucket{route=\"/r\",le=\"0.5\"} 1\nc_seconds_bucket{route=\"/r\",le=\"1\"} 2\n"
            "c_seconds_bucket{route=\"/r\",le=\"+Inf\"} 3\nc_seconds_sum{route=\"/r\"} 10.25\n"
            "c_seconds_count{route=\"/r\"} 3\n"
            "# HELP d Read.\n# TYPE d gauge\nd 1.5\n");
}

TEST(MetricsText, LabelValue_IsEscaped) {
  Metrics metrics;
  metrics.GetCounter("a_total", "A.", {{"l", "q\"b\\n\n"}}).Add();
  EXPECT_NE(metrics.Exposition().find(R"(a_total{l="q\"b\\n\n"} 1)"), std::string::npos);
}

TEST(MetricsRegistry, SameNameAndLabels_IsTheSameSeries) {
  Metrics metrics;
  Counter& first = metrics.GetCounter("a_total", "A.", {{"l", "1"}});
  EXPECT_EQ(&first, &metrics.GetCounter("a_total", "A.", {{"l", "1"}}));
  EXPECT_NE(&first, &metrics.GetCounter("a_total", "A.", {{"l", "2"}}));
}

TEST(MetricsRegistry, NameOfAnotherKind_IsCountedAndHidden) {
  Metrics metrics;
  metrics.GetCounter("a", "A.").Add(7);
  metrics.GetGauge("a", "A.").Set(1);
  EXPECT_NE(metrics.Exposition().find("\na 7\n"), std::string::npos);
  EXPECT_NE(metrics.Exposition().find("passerelle_metrics_misuse_total 1\n"), std::string::npos);
}

TEST(MetricsRegistry, SeriesLimit_AtAndPast_SharesOther) {
  Metrics metrics(2);
  for (const char* label : {"1", "2", "3", "4"}) {
    metrics.GetCounter("a_total", "A.", {{"l", label}}).Add();
  }
  const std::string text = metrics.Exposition();
  EXPECT_NE(text.find("a_total{l=\"2\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("a_total{l=\"other\"} 2\n"), std::string::npos);
  EXPECT_EQ(text.find("\"3\""), std::string::npos);
}

TEST(MetricsRegistry, ManyThreads_LoseNothing) {
  Metrics metrics;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&metrics] {
      for (int i = 0; i < 1'000; ++i) {
        metrics.GetCounter("a_total", "A.", {{"l", std::to_string(i % 3)}}).Add();
        metrics.GetHistogram("h", "H.").ObserveMicros(1'000);
      }
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  std::uint64_t sum = 0;
  for (const char* label : {"0", "1", "2"}) {
    sum += metrics.GetCounter("a_total", "A.", {{"l", label}}).value();
  }
  EXPECT_EQ(sum, 4'000u);
  EXPECT_NE(metrics.Exposition().find("h_count 4000\n"), std::string::npos);
}

TEST(ProcessMetrics, Values_ArePlausible) {
  Metrics metrics;
  metrics.AddProcessMetrics("1.2.3");
  const std::string text = metrics.Exposition();
  const auto value = [&text](const std::string& name) {
    const std::size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? -1.0 : std::stod(text.substr(at + name.size() + 2));
  };
  EXPECT_GT(value("process_resident_memory_bytes"), 100'000);
  EXPECT_GE(value("process_open_fds"), 3);
  EXPECT_GT(value("process_max_fds"), value("process_open_fds"));
  EXPECT_GE(value("passerelle_uptime_seconds"), 0);
  EXPECT_LT(value("passerelle_uptime_seconds"), 3'600);
  EXPECT_GT(value("process_start_time_seconds"), 1.6e9);
  EXPECT_GE(value("process_cpu_seconds_total"), 0);
  EXPECT_NE(text.find("passerelle_build_info{version=\"1.2.3\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("# TYPE process_cpu_seconds_total counter\n"), std::string::npos);
}

}  // namespace
}  // namespace gateway::telemetry
