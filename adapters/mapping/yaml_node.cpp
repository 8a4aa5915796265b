#include "adapters/mapping/yaml_node.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <utility>

namespace adapters::mapping {

void Refuse(const YAML::Node& node, std::string text) {
  throw Wrong{node.Mark().line + 1, std::move(text)};
}

void CheckKeys(const YAML::Node& map, std::string_view what, std::initializer_list<std::string_view> known) {
  if (!map.IsMap()) {
    Refuse(map, fmt::format("{} must be a map", what));
  }
  for (const auto& entry : map) {
    const auto key = entry.first.as<std::string>();
    if (std::find(known.begin(), known.end(), key) == known.end()) {
      Refuse(entry.first, fmt::format("unknown key '{}' in {}; known: {}", key, what, fmt::join(known, ", ")));
    }
  }
}

std::string TextOf(const YAML::Node& node, std::string_view what) {
  if (!node.IsScalar()) {
    Refuse(node, fmt::format("{} must be a text", what));
  }
  return node.as<std::string>();
}

bool FlagOf(const YAML::Node& node, std::string_view what) {
  const auto text = TextOf(node, what);
  if (text != "true" && text != "false") {
    Refuse(node, fmt::format("{} must be true or false", what));
  }
  return text == "true";
}

std::vector<std::string> ListOf(const YAML::Node& node, std::string_view what) {
  if (!node.IsSequence()) {
    Refuse(node, fmt::format("{} must be a list", what));
  }
  std::vector<std::string> list;
  for (const auto& entry : node) {
    list.push_back(TextOf(entry, what));
  }
  return list;
}

std::size_t ChoiceOf(const YAML::Node& node, std::string_view what, std::initializer_list<std::string_view> choices) {
  const auto text = TextOf(node, what);
  const auto found = std::find(choices.begin(), choices.end(), text);
  if (found == choices.end()) {
    Refuse(node, fmt::format("{} must be one of: {}", what, fmt::join(choices, ", ")));
  }
  return static_cast<std::size_t>(found - choices.begin());
}

}  // namespace adapters::mapping
