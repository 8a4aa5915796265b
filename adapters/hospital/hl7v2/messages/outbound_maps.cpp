#include "adapters/hospital/hl7v2/messages/outbound_maps.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "adapters/hospital/hl7v2/messages/rule_files.hpp"

namespace adapters::hospital::hl7v2::messages {

fhir::Result<std::shared_ptr<const OutboundMaps>> OutboundMaps::LoadFolder(const std::string& folder) {
  auto set = std::make_shared<OutboundMaps>();
  std::error_code failure;
  if (!std::filesystem::exists(folder, failure)) {
    return set;
  }
  GW_ASSIGN(const auto files, ReadRuleFiles(folder));
  for (const auto& [name, yaml] : files) {
    GW_ASSIGN(auto map, mapping::outbound::OutboundMap::Load(yaml, name, ReadIncluded));
    std::string map_name = map.name();
    if (!set->maps_.emplace(map_name, std::move(map)).second) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration,
                        fmt::format("{}: another file is called '{}'", name, map_name));
    }
  }
  return set;
}

const mapping::outbound::OutboundMap* OutboundMaps::Find(std::string_view name) const {
  const auto found = maps_.find(name);
  return found == maps_.end() ? nullptr : &found->second;
}

}  // namespace adapters::hospital::hl7v2::messages
