#include "gateway/telemetry/metrics.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <variant>

#include "gateway/telemetry/process.hpp"

namespace gateway::telemetry {
namespace {

constexpr double kLatencyBounds[] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05,
                                     0.1,    0.25,    0.5,    1,     2.5,    5,     10,   30};

using Read = std::function<double()>;
using Series = std::variant<std::unique_ptr<Counter>, std::unique_ptr<Gauge>, std::unique_ptr<Histogram>, Read>;

void AppendEscapedLabel(std::string& out, std::string_view text, bool quote) {
  for (char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quote) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

/// `a="b",c="d"`: the key of a series, and the inside of its braces.
std::string LabelText(const Labels& labels) {
  std::string text;
  for (const auto& [name, value] : labels) {
    if (!text.empty()) {
      text += ',';
    }
    text += name;
    text += "=\"";
    AppendEscapedLabel(text, value, true);
    text += '"';
  }
  return text;
}

std::string Number(double value) {
  if (std::isinf(value)) {
    return value > 0 ? "+Inf" : "-Inf";
  }
  return std::isnan(value) ? "NaN" : fmt::format("{}", value);
}

void AppendSample(std::string& out, std::string_view name, std::string_view labels, std::string_view value) {
  out += name;
  if (!labels.empty()) {
    fmt::format_to(std::back_inserter(out), "{{{}}}", labels);
  }
  fmt::format_to(std::back_inserter(out), " {}\n", value);
}

void AppendHistogram(std::string& out, std::string_view name, std::string_view labels, const Histogram& histogram) {
  const std::string_view comma = labels.empty() ? "" : ",";
  const std::string bucket_name = fmt::format("{}_bucket", name);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= histogram.bounds().size(); ++i) {
    total += histogram.bucket(i);
    const std::string bound = i < histogram.bounds().size() ? Number(histogram.bounds()[i]) : "+Inf";
    AppendSample(out, bucket_name, fmt::format("{}{}le=\"{}\"", labels, comma, bound), fmt::format("{}", total));
  }
  AppendSample(out, fmt::format("{}_sum", name), labels, Number(histogram.sum()));
  AppendSample(out, fmt::format("{}_count", name), labels, fmt::format("{}", total));
}

}  // namespace

std::span<const double> LatencyBuckets() {
  return kLatencyBounds;
}

Histogram::Histogram(std::span<const double> bounds)
    : bounds_(bounds.begin(), bounds.end()),
      counts_(std::make_unique<std::atomic<std::uint64_t>[]>(bounds.size() + 1)) {}

void Histogram::Observe(double value) {
  const auto at = std::lower_bound(bounds_.begin(), bounds_.end(), value);
  counts_[static_cast<std::size_t>(at - bounds_.begin())].fetch_add(1, std::memory_order_relaxed);
  sum_.fetch_add(value, std::memory_order_relaxed);
}

struct Metrics::State {
  struct Family {
    std::string help;
    std::string_view type;
    std::map<std::string, Series, std::less<>> series;
  };

  std::size_t series_max;
  mutable std::shared_mutex mutex;  // guards families and hidden
  std::map<std::string, Family, std::less<>> families;
  std::deque<Series> hidden;  // what was asked for under a name of another kind

  template <typename T>
  T* Find(std::string_view name, const std::string& key) const {
    const auto family = families.find(name);
    if (family == families.end()) {
      return nullptr;
    }
    const auto found = family->second.series.find(key);
    if (found == family->second.series.end()) {
      return nullptr;
    }
    const auto* series = std::get_if<std::unique_ptr<T>>(&found->second);
    return series == nullptr ? nullptr : series->get();
  }

  template <typename T, typename Make>
  T& Get(std::string_view name, std::string_view help, std::string_view type, Labels labels, Make make) {
    std::string key = LabelText(labels);
    {
      const std::shared_lock lock(mutex);
      if (T* found = Find<T>(name, key)) {
        return *found;
      }
    }
    const std::unique_lock lock(mutex);
    auto family = families.find(name);
    if (family == families.end()) {
      family = families.emplace(std::string(name), Family{std::string(help), type, {}}).first;
    }
    if (family->second.type != type) {
      CountMisuse();
      return *std::get<std::unique_ptr<T>>(hidden.emplace_back(make()));
    }
    if (family->second.series.size() >= series_max && !family->second.series.contains(key)) {
      for (auto& label : labels) {
        label.second = "other";
      }
      key = LabelText(labels);
    }
    if (T* found = Find<T>(name, key)) {
      return *found;
    }
    auto [place, inserted] = family->second.series.try_emplace(std::move(key));
    if (!inserted) {  // a gauge read by a function has this name and these labels
      CountMisuse();
      return *std::get<std::unique_ptr<T>>(hidden.emplace_back(make()));
    }
    place->second = make();
    return *std::get<std::unique_ptr<T>>(place->second);
  }

  void CountMisuse() {
    auto& family = families["passerelle_metrics_misuse_total"];
    family.help = "Metric names asked for under two kinds.";
    family.type = "counter";
    auto& series = family.series[""];
    if (auto* counter = std::get_if<std::unique_ptr<Counter>>(&series)) {
      if (*counter == nullptr) {
        *counter = std::make_unique<Counter>();
      }
      (*counter)->Add();
    }
  }
};

Metrics::Metrics(std::size_t series_max) : state_(std::make_unique<State>()) {
  state_->series_max = series_max;
}
Metrics::~Metrics() = default;

Counter& Metrics::GetCounter(std::string_view name, std::string_view help, const Labels& labels) {
  return state_->Get<Counter>(name, help, "counter", labels, [] { return std::make_unique<Counter>(); });
}

Gauge& Metrics::GetGauge(std::string_view name, std::string_view help, const Labels& labels) {
  return state_->Get<Gauge>(name, help, "gauge", labels, [] { return std::make_unique<Gauge>(); });
}

Histogram& Metrics::GetHistogram(std::string_view name, std::string_view help, const Labels& labels,
                                 std::span<const double> bounds) {
  return state_->Get<Histogram>(name, help, "histogram", labels,
                                [bounds] { return std::make_unique<Histogram>(bounds); });
}

void Metrics::AddGauge(std::string_view name, std::string_view help, std::function<double()> read,
                       const Labels& labels) {
  const std::unique_lock lock(state_->mutex);
  auto family = state_->families.find(name);
  if (family == state_->families.end()) {
    family = state_->families.emplace(std::string(name), State::Family{std::string(help), "gauge", {}}).first;
  }
  if (!family->second.series.try_emplace(LabelText(labels), std::move(read)).second) {
    state_->CountMisuse();
  }
}

void Metrics::AddProcessMetrics(std::string_view version) {
  AddGauge("process_resident_memory_bytes", "Resident memory of this process in bytes.", ResidentMemoryBytes);
  AddGauge("process_open_fds", "Open file descriptors.", OpenFileDescriptors);
  AddGauge("process_max_fds", "Limit on open file descriptors.", FileDescriptorsMax);
  AddGauge("process_cpu_seconds_total", "User and system CPU time in seconds.", CpuSeconds);
  AddGauge("process_start_time_seconds", "Start of this process in seconds since 1970.", StartTimeSeconds);
  AddGauge("passerelle_uptime_seconds", "Time since this process started in seconds.", UptimeSeconds);
  AddGauge("passerelle_build_info", "Always 1; the version is in the label.", [] { return 1.0; },
           {{"version", std::string(version)}});
  const std::unique_lock lock(state_->mutex);
  state_->families.find("process_cpu_seconds_total")->second.type = "counter";
}

std::string Metrics::Exposition() const {
  const std::shared_lock lock(state_->mutex);
  std::string out;
  for (const auto& [name, family] : state_->families) {
    fmt::format_to(std::back_inserter(out), "# HELP {} ", name);
    AppendEscapedLabel(out, family.help, false);
    fmt::format_to(std::back_inserter(out), "\n# TYPE {} {}\n", name, family.type);
    for (const auto& [labels, series] : family.series) {
      if (const auto* counter = std::get_if<std::unique_ptr<Counter>>(&series)) {
        AppendSample(out, name, labels, fmt::format("{}", (*counter)->value()));
      } else if (const auto* gauge = std::get_if<std::unique_ptr<Gauge>>(&series)) {
        AppendSample(out, name, labels, fmt::format("{}", (*gauge)->value()));
      } else if (const auto* histogram = std::get_if<std::unique_ptr<Histogram>>(&series)) {
        AppendHistogram(out, name, labels, **histogram);
      } else {
        AppendSample(out, name, labels, Number(std::get<Read>(series)()));
      }
    }
  }
  return out;
}

}  // namespace gateway::telemetry
