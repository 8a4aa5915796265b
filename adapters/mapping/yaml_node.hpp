// Reading YAML with the line in every refusal. Module-private: only the readers of rule files include it.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace YAML {
class Node;
}

namespace adapters::mapping {

/// Leaves a reader at the first wrong line; caught in CompiledMap::Load.
struct Wrong {
  int line;  ///< 1-based
  std::string text;
  std::string file = {};  ///< empty: the one that is being read
};

[[noreturn]] void Refuse(const YAML::Node& node, std::string text);

/// Refuses what is not a map, and keys that are not among `known`.
void CheckKeys(const YAML::Node& map, std::string_view what, std::initializer_list<std::string_view> known);

std::string TextOf(const YAML::Node& node, std::string_view what);
bool FlagOf(const YAML::Node& node, std::string_view what);
std::vector<std::string> ListOf(const YAML::Node& node, std::string_view what);
/// The position of the text among `choices`.
std::size_t ChoiceOf(const YAML::Node& node, std::string_view what, std::initializer_list<std::string_view> choices);

}  // namespace adapters::mapping
