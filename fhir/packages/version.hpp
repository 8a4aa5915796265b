// Business versions of conformance resources and packages. Most follow Semantic Versioning, some are dates, none must.
#pragma once

#include <string_view>

namespace fhir::packages {

/// Below zero when `a` is older than `b`. Numbers between dots and hyphens compare as numbers, other parts as text; a
/// version with a label is older than the same without ("1.0.0-ballot" < "1.0.0"), as in https://semver.org §11.
int CompareVersions(std::string_view a, std::string_view b);

/// Whether a reference to version `wanted` may take `version`: nothing wanted, the same, or more exact ("4.0" takes
/// "4.0.1"). A trailing ".x" asks for any ("4.0.x").
bool VersionMatches(std::string_view version, std::string_view wanted);

}  // namespace fhir::packages
