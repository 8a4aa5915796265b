#include "fhir/packages/manifest.hpp"

#include <algorithm>

#include "fhir/json/value.hpp"
#include "fhir/packages/version.hpp"

namespace fhir::packages {

Result<Manifest> ReadManifest(std::string_view json) {
  GW_ASSIGN(const json::Value value, json::ReadValue(json));
  Manifest manifest{.name = std::string(value.FindText("name")),
                    .version = std::string(value.FindText("version")),
                    .dependencies = {}};
  if (manifest.name.empty()) {
    return Fail(ErrorCode::kInvalid, "name: expected the package's name");
  }
  for (const auto* member : {"fhirVersions", "fhir-version-list"}) {
    const json::Value* versions = value.Find(member);
    if (versions != nullptr && versions->IsArray() && !versions->items().empty() &&
        std::ranges::none_of(versions->items(), [](const json::Value& v) { return VersionMatches(v.text(), "4.0"); })) {
      return Fail(ErrorCode::kUnsupported, std::string(member) + ": expected a package for FHIR 4.0");
    }
  }
  if (const json::Value* dependencies = value.Find("dependencies")) {
    for (const json::Member& member : dependencies->members()) {
      manifest.dependencies.push_back({.name = member.name, .version = member.value.text()});
    }
  }
  return manifest;
}

}  // namespace fhir::packages
