// Search type special, near: positions within a distance on the globe, taken as a sphere.
// Source: https://hl7.org/fhir/R4/location.html#positional
#pragma once

#include <cstdint>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/fhirpath/collection.hpp"
#include "fhir/search/index_values.hpp"
#include "fhir/search/query.hpp"
#include "fhir/search/types/index_context.hpp"

namespace fhir::search {

inline constexpr double kEarthRadiusM = 6'371'000;
inline constexpr double kNearDistanceDefaultM = 50'000;

/// A Location.position: latitude and longitude in degrees.
void IndexPosition(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out);

/// "latitude|longitude", "latitude|longitude|distance", "latitude|longitude|distance|unit". Without a unit kilometres;
/// the units are UCUM's of length, and [mi_us] is also called mi. Without a distance 50 km. Errors: kInvalid.
Result<NearValue> ParseNearValue(std::string_view text);

/// Great-circle distance in metres, by the haversine formula.
double DistanceM(double latitude, double longitude, double other_latitude, double other_longitude);

bool NearMatches(const PositionIndex& row, const NearValue& value);

}  // namespace fhir::search
