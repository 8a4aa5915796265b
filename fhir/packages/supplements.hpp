// Which code systems add to another one: CodeSystem.supplements, seen from the other side.
#pragma once

#include <string_view>
#include <vector>

#include "fhir/packages/registry.hpp"

namespace fhir::packages {

/// Registries have a row of this type for each code system that supplements another: its url is that of the other one,
/// its version the canonical of the supplement.
inline constexpr std::string_view kSupplementRow = "CodeSystem.supplements";

/// The code systems that supplement the one with this url ("url" or "url|version"), as they are now: those that name a
/// version are left out where the given version is another. Cost: parses the supplements, and nothing else.
std::vector<model::Document> ReadSupplements(const Registry& registry, std::string_view code_system);

}  // namespace fhir::packages
