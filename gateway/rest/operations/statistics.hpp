// Statistics of a list of numbers, by the codes of FHIR.
// Source: https://hl7.org/fhir/R4/valueset-observation-statistics.html
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace gateway::rest::operations {

/// Whether the code is one of those below.
bool IsStatistic(std::string_view code);
/// Whether the result is a number of observations, without a unit, or of no dimension.
bool IsCount(std::string_view code);
bool IsDimensionless(std::string_view code);
/// Whether the unit of the result is that of the values, squared.
bool IsSquared(std::string_view code);

/// The numbers in ascending order, and how many observations there were with and without one.
class Sample {
 public:
  Sample(std::vector<double> values, std::size_t observations);

  /// The statistic; nullopt when the values are too few for it.
  /// Shape:  variance, standard deviation, skew and kurtosis are those of a sample (Bessel's correction); percentiles
  ///         and quantiles lie between the two nearest values, in proportion.
  std::optional<double> Compute(std::string_view code) const;

 private:
  double Quantile(double share) const;
  /// Sum of the powers of the distances from the mean.
  double Moment(int power) const;

  std::vector<double> values_;
  std::size_t observations_;
  double mean_ = 0;
};

}  // namespace gateway::rest::operations
