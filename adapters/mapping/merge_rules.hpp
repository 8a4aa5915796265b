// Reads what a resource's rules say of merging into what is stored: join, settled, remove. Module-private.
#pragma once

#include "adapters/mapping/compiled_map.hpp"
#include "adapters/mapping/rule_reader.hpp"

namespace adapters::mapping {

/// `node` is the resource's; its type and verb are known. Leaves by Wrong at the first thing that does not hold.
void ReadMergeRules(const YAML::Node& node, const RuleReader& reader, ResourceRules& resource);

}  // namespace adapters::mapping
