#include "adapters/mapping/compiled_map.hpp"

#include <algorithm>

namespace adapters::mapping {

std::optional<CodeEntry> CodeTable::Find(std::string_view code) const {
  if (const auto found = entries.find(std::string(code)); found != entries.end()) {
    return found->second;
  }
  if (!unlisted_code.empty()) {
    return CodeEntry{.code = unlisted_code, .system = system};
  }
  if (pass_through) {
    return CodeEntry{.code = std::string(code), .system = unlisted_system};
  }
  return std::nullopt;
}

bool CompiledMap::HandlesType(std::string_view message_type) const {
  return std::find(types_.begin(), types_.end(), message_type) != types_.end();
}

bool CompiledMap::HandlesVersion(std::string_view version) const {
  return std::find(versions_.begin(), versions_.end(), version) != versions_.end();
}

bool CompiledMap::HandlesProcessingId(std::string_view processing_id) const {
  return std::find(processing_ids_.begin(), processing_ids_.end(), processing_id) != processing_ids_.end();
}

}  // namespace adapters::mapping
