#include "fhir/search/types/near.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <numbers>
#include <optional>
#include <string>
#include <vector>

#include "fhir/search/query_text.hpp"
#include "fhir/ucum/ucum.hpp"

namespace fhir::search {
namespace {

std::optional<double> ReadDouble(std::string_view text) {
  double number = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) return std::nullopt;
  return number;
}

std::optional<double> Degrees(std::string_view text, double limit) {
  const auto number = ReadDouble(text);
  return number && std::abs(*number) <= limit ? number : std::nullopt;
}

double Radians(double degrees) {
  return degrees * std::numbers::pi / 180;
}

}  // namespace

void IndexPosition(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out) {
  const model::Node* const element = ElementOf(context, item);
  if (element == nullptr) return;
  const auto latitude = Degrees(element->ChildValue("latitude"), 90);
  const auto longitude = Degrees(element->ChildValue("longitude"), 180);
  if (latitude && longitude) out.positions.push_back({parameter, *latitude, *longitude});
}

Result<NearValue> ParseNearValue(std::string_view text) {
  std::vector<std::string> parts;
  for (const std::string_view part : SplitUnescaped(text, '|')) parts.push_back(Unescape(part));
  const auto latitude = parts.size() >= 2 && parts.size() <= 4 ? Degrees(parts[0], 90) : std::nullopt;
  const auto longitude = latitude ? Degrees(parts[1], 180) : std::nullopt;
  if (!longitude) return Fail(ErrorCode::kInvalid, "latitude|longitude|distance|unit is expected, in degrees");
  NearValue value{*latitude, *longitude, kNearDistanceDefaultM};
  if (parts.size() == 2 || parts[2].empty()) return value;
  std::string unit = parts.size() == 4 && !parts[3].empty() ? parts[3] : "km";
  if (unit == "mi") unit = "[mi_us]";
  const auto metres = ucum::Convert({parts[2], unit}, "m");
  const auto distance = metres ? ReadDouble(*metres) : std::nullopt;
  if (!distance || *distance < 0) {
    return Fail(ErrorCode::kInvalid, "a distance and a unit of length of UCUM are expected, such as 10|km");
  }
  value.distance_m = *distance;
  return value;
}

double DistanceM(double latitude, double longitude, double other_latitude, double other_longitude) {
  const double up = std::sin(Radians(other_latitude - latitude) / 2);
  const double along = std::sin(Radians(other_longitude - longitude) / 2);
  const double chord = up * up + std::cos(Radians(latitude)) * std::cos(Radians(other_latitude)) * along * along;
  return 2 * kEarthRadiusM * std::asin(std::min(1.0, std::sqrt(chord)));
}

bool NearMatches(const PositionIndex& row, const NearValue& value) {
  return DistanceM(value.latitude, value.longitude, row.latitude, row.longitude) <= value.distance_m;
}

}  // namespace fhir::search
