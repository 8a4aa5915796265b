// The rule files of config/mappings/hl7v2/out, by name: what hospitals are told of changes.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "adapters/mapping/outbound/outbound_map.hpp"

namespace adapters::hospital::hl7v2::messages {

/// Immutable after loading. thread-safe.
class OutboundMaps {
 public:
  /// Loads every *.yaml of a folder in name order; what they include is looked for beside them and below. A folder that
  /// is not there holds none. Errors: kConfiguration naming file and line, or two files of one name.
  static fhir::Result<std::shared_ptr<const OutboundMaps>> LoadFolder(const std::string& folder);

  /// Null when there is none of that name.
  const mapping::outbound::OutboundMap* Find(std::string_view name) const;

 private:
  std::map<std::string, mapping::outbound::OutboundMap, std::less<>> maps_;
};

}  // namespace adapters::hospital::hl7v2::messages
