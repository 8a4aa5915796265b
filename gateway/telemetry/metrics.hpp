// Counters, gauges and histograms, and their Prometheus text. A caller gets its series once and keeps the reference;
// after that a count is one relaxed atomic addition.
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gateway::telemetry {

class Counter {
 public:
  void Add(std::uint64_t n = 1) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::uint64_t> value_{0};
};

class Gauge {
 public:
  void Set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void Add(std::int64_t n) { value_.fetch_add(n, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::int64_t> value_{0};
};

/// Upper bounds in seconds from 100 µs to 30 s.
std::span<const double> LatencyBuckets();

class Histogram {
 public:
  /// `bounds` are ascending upper bounds.
  explicit Histogram(std::span<const double> bounds);
  void Observe(double value);
  void ObserveMicros(std::int64_t micros) { Observe(static_cast<double>(micros) * 1e-6); }

  const std::vector<double>& bounds() const { return bounds_; }
  /// Count of bucket i, not cumulative; i == bounds().size() is +Inf.
  std::uint64_t bucket(std::size_t i) const { return counts_[i].load(std::memory_order_relaxed); }
  double sum() const { return sum_.load(std::memory_order_relaxed); }

 private:
  std::vector<double> bounds_;
  std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
  std::atomic<double> sum_{0};
};

/// Values are codes, names of routes and statements: never an id or a value of a patient.
using Labels = std::vector<std::pair<std::string, std::string>>;

/// The registry. thread-safe. Series live as long as the registry; names follow Prometheus ([a-zA-Z_:][a-zA-Z0-9_:]*,
/// counters end in _total). A name belongs to the kind that asked first; asking as another kind gives a series that is
/// never shown, and counts passerelle_metrics_misuse_total. Past series_max of one name, further label sets share one
/// series with every value "other".
class Metrics {
 public:
  explicit Metrics(std::size_t series_max = 1000);
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& GetCounter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& GetGauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& GetHistogram(std::string_view name, std::string_view help, const Labels& labels = {},
                          std::span<const double> bounds = LatencyBuckets());
  /// A gauge read when the text is made; `read` is thread-safe and quick.
  void AddGauge(std::string_view name, std::string_view help, std::function<double()> read, const Labels& labels = {});

  /// process_resident_memory_bytes, process_open_fds, process_max_fds, process_cpu_seconds_total,
  /// process_start_time_seconds, passerelle_uptime_seconds, passerelle_build_info{version}.
  void AddProcessMetrics(std::string_view version);

  /// The whole text, version 0.0.4 of the format; families sorted by name.
  /// Source: https://prometheus.io/docs/instrumenting/exposition_formats/
  std::string Exposition() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The media type of Exposition().
inline constexpr std::string_view kExpositionMediaType = "text/plain; version=0.0.4; charset=utf-8";

}  // namespace gateway::telemetry
