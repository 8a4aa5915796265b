// Positions within a distance, on a sphere. The latitudes bound what the index gives; the distance decides.
// Source: https://hl7.org/fhir/R4/location.html#positional
#include "fhir/search/types/near.hpp"

#include <numbers>

#include "gateway/store/search_sql/value_conditions.hpp"

namespace gateway::store::search_sql {

fhir::Result<void> AppendNear(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion) {
  if (criterion.modifier != fhir::search::Modifier::kNone) {
    return UnsupportedModifier(criterion);
  }
  const std::string latitude = std::string(alias) + ".latitude";
  const std::string longitude = std::string(alias) + ".longitude";
  sql << "(";
  for (std::size_t i = 0; i < criterion.values.size(); ++i) {
    const auto* value = std::get_if<fhir::search::NearValue>(&criterion.values[i]);
    if (value == nullptr) {
      return UnexpectedValue(criterion);
    }
    // A little wider than the distance: what rounding would lose at the edge stays for the formula to decide.
    const double degrees = value->distance_m / fhir::search::kEarthRadiusM * 180 / std::numbers::pi * (1 + 1e-9) + 1e-9;
    (sql << (i == 0 ? "(" : " OR (") << latitude << " BETWEEN ").BindDouble(value->latitude - degrees) << " AND ";
    sql.BindDouble(value->latitude + degrees);
    // The haversine formula, term by term as in fhir/search/types/near.
    (sql << " AND 2 * " << static_cast<int>(fhir::search::kEarthRadiusM) << " * asin(least(1.0, sqrt("
         << "power(sin(radians(" << latitude << " - ")
        .BindDouble(value->latitude);
    (sql << ") / 2), 2) + cos(radians(").BindDouble(value->latitude) << ")) * cos(radians(" << latitude;
    (sql << ")) * power(sin(radians(" << longitude << " - ").BindDouble(value->longitude);
    (sql << ") / 2), 2)))) <= ").BindDouble(value->distance_m) << ")";
  }
  sql << ")";
  return {};
}

}  // namespace gateway::store::search_sql
