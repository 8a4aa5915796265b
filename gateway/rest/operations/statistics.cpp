#include "gateway/rest/operations/statistics.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

namespace gateway::rest::operations {
namespace {

enum class Statistic {
  kAverage,
  kMaximum,
  kMinimum,
  kCount,
  kTotalCount,
  kSum,
  kMedian,
  kDeviation,
  kVariance,
  kQuantile,
  kQuartileDeviation,
  kSkew,
  kKurtosis,
};

struct StatisticRow {
  std::string_view code;
  Statistic statistic;
  double share = 0;  ///< of kQuantile
};

// NB: regression is left out: the standard does not say what its slope is measured against.
constexpr std::array<StatisticRow, 20> kStatistics = {{
    {"average", Statistic::kAverage},
    {"maximum", Statistic::kMaximum},
    {"minimum", Statistic::kMinimum},
    {"count", Statistic::kCount},
    {"total-count", Statistic::kTotalCount},
    {"sum", Statistic::kSum},
    {"median", Statistic::kMedian},
    {"std-dev", Statistic::kDeviation},
    {"variance", Statistic::kVariance},
    {"20-percent", Statistic::kQuantile, 0.2},
    {"80-percent", Statistic::kQuantile, 0.8},
    {"4-lower", Statistic::kQuantile, 0.25},
    {"4-upper", Statistic::kQuantile, 0.75},
    {"4-dev", Statistic::kQuartileDeviation},
    {"5-1", Statistic::kQuantile, 0.2},
    {"5-2", Statistic::kQuantile, 0.4},
    {"5-3", Statistic::kQuantile, 0.6},
    {"5-4", Statistic::kQuantile, 0.8},
    {"skew", Statistic::kSkew},
    {"kurtosis", Statistic::kKurtosis},
}};

const StatisticRow* FindStatistic(std::string_view code) {
  const auto* found = std::ranges::find(kStatistics, code, &StatisticRow::code);
  return found == kStatistics.end() ? nullptr : found;
}

bool IsOneOf(std::string_view code, Statistic a, Statistic b) {
  const StatisticRow* row = FindStatistic(code);
  return row != nullptr && (row->statistic == a || row->statistic == b);
}

}  // namespace

bool IsStatistic(std::string_view code) {
  return FindStatistic(code) != nullptr;
}

bool IsCount(std::string_view code) {
  return IsOneOf(code, Statistic::kCount, Statistic::kTotalCount);
}

bool IsDimensionless(std::string_view code) {
  return IsOneOf(code, Statistic::kSkew, Statistic::kKurtosis);
}

bool IsSquared(std::string_view code) {
  return IsOneOf(code, Statistic::kVariance, Statistic::kVariance);
}

Sample::Sample(std::vector<double> values, std::size_t observations)
    : values_(std::move(values)), observations_(observations) {
  std::ranges::sort(values_);
  if (!values_.empty()) {
    mean_ = std::accumulate(values_.begin(), values_.end(), 0.0) / static_cast<double>(values_.size());
  }
}

double Sample::Quantile(double share) const {
  const double at = share * static_cast<double>(values_.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const std::size_t high = std::min(low + 1, values_.size() - 1);
  return values_[low] + (values_[high] - values_[low]) * (at - static_cast<double>(low));
}

double Sample::Moment(int power) const {
  double sum = 0;
  for (const double value : values_) {
    sum += std::pow(value - mean_, power);
  }
  return sum;
}

std::optional<double> Sample::Compute(std::string_view code) const {
  const StatisticRow* row = FindStatistic(code);
  if (row == nullptr) {
    return std::nullopt;
  }
  const auto n = static_cast<double>(values_.size());
  if (row->statistic == Statistic::kCount) {
    return n;
  }
  if (row->statistic == Statistic::kTotalCount) {
    return static_cast<double>(observations_);
  }
  if (values_.empty()) {
    return std::nullopt;
  }
  const bool spread = row->statistic == Statistic::kDeviation || row->statistic == Statistic::kVariance ||
                      row->statistic == Statistic::kSkew || row->statistic == Statistic::kKurtosis;
  const double variance = spread && n > 1 ? Moment(2) / (n - 1) : 0;
  switch (row->statistic) {
    case Statistic::kAverage:
      return mean_;
    case Statistic::kMaximum:
      return values_.back();
    case Statistic::kMinimum:
      return values_.front();
    case Statistic::kSum:
      return mean_ * n;
    case Statistic::kMedian:
      return Quantile(0.5);
    case Statistic::kQuantile:
      return Quantile(row->share);
    case Statistic::kQuartileDeviation:
      return (Quantile(0.75) - Quantile(0.25)) / 2;
    case Statistic::kVariance:
      return n > 1 ? std::optional(variance) : std::nullopt;
    case Statistic::kDeviation:
      return n > 1 ? std::optional(std::sqrt(variance)) : std::nullopt;
    case Statistic::kSkew:
      return n > 2 && variance > 0 ? std::optional(n / ((n - 1) * (n - 2)) * Moment(3) / std::pow(variance, 1.5))
                                   : std::nullopt;
    case Statistic::kKurtosis: {
      if (n < 4 || variance <= 0) {
        return std::nullopt;
      }
      const double scale = n * (n + 1) / ((n - 1) * (n - 2) * (n - 3));
      return scale * Moment(4) / (variance * variance) - 3 * (n - 1) * (n - 1) / ((n - 2) * (n - 3));
    }
    case Statistic::kCount:
    case Statistic::kTotalCount:
      break;
  }
  return std::nullopt;
}

}  // namespace gateway::rest::operations
