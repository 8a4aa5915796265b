#include "fhir/validation/base_chain.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include <fmt/format.h>

namespace fhir::validation {
namespace {

/// Two versions of one profile are two profiles, one of which may be based on the other.
std::string NameOf(const model::Node& definition) {
  const std::string_view version = definition.ChildValue("version");
  return version.empty() ? std::string(definition.ChildValue("url"))
                         : fmt::format("{}|{}", definition.ChildValue("url"), version);
}

}  // namespace

Result<void> CheckBases(const model::Node& structure_definition, const packages::Registry& registry) {
  std::vector<std::string> names;
  const model::Node* at = &structure_definition;
  while (at != nullptr) {
    std::string name = NameOf(*at);
    const bool known = std::find(names.begin(), names.end(), name) != names.end();
    names.push_back(std::move(name));
    if (known) {
      return Fail(ErrorCode::kTooCostly, fmt::format("profiles are based on each other: {}", fmt::join(names, ", ")));
    }
    if (names.size() > kProfilesOnTheWayMax + 1) {
      return Fail(ErrorCode::kTooCostly, fmt::format("{} is based on more than {} profiles, one on the other",
                                                     names.front(), kProfilesOnTheWayMax));
    }
    const std::string_view base = at->ChildValue("baseDefinition");
    at = base.empty() ? nullptr : registry.Find("StructureDefinition", base);
  }
  return {};
}

}  // namespace fhir::validation
