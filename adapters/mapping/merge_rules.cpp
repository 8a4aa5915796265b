#include "adapters/mapping/merge_rules.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <string>

namespace adapters::mapping {
namespace {

const fhir::metadata::Definitions& R4() {
  return fhir::metadata::Definitions::R4();
}

YAML::Node Wanted(const YAML::Node& map, const char* key) {
  const YAML::Node node = map[key];
  if (!node) {
    Refuse(map, fmt::format("'{}' is missing", key));
  }
  return node;
}

void CheckPath(const YAML::Node& node, std::string_view path, fhir::metadata::TypeId type) {
  for (std::string_view rest = path;;) {
    const auto dot = rest.find('.');
    const auto* row = R4().FindChild(type, rest.substr(0, dot));
    if (row == nullptr) {
      Refuse(node, fmt::format("'{}': {} has no element '{}'", path, R4().TypeName(type), rest.substr(0, dot)));
    }
    if (dot == std::string_view::npos) {
      return;
    }
    type = row->type;
    rest.remove_prefix(dot + 1);
  }
}

/// An element to take away: a path, or one item of a list by the value of a child, "link[type=replaced-by]".
void CheckRemoval(const YAML::Node& node, std::string_view path, fhir::metadata::TypeId type) {
  const auto open = path.find('[');
  if (open == std::string_view::npos) {
    CheckPath(node, path, type);
    return;
  }
  const auto equals = path.find('=', open);
  if (equals == std::string_view::npos || path.back() != ']' || equals + 2 >= path.size()) {
    Refuse(node, fmt::format("'{}' is not LIST[CHILD=VALUE]", path));
  }
  const auto* row = R4().FindChild(type, path.substr(0, open));
  if (row == nullptr || row->repeats == 0) {
    Refuse(node, fmt::format("'{}': '{}' is not a list of {}", path, path.substr(0, open), R4().TypeName(type)));
  }
  CheckPath(node, path.substr(open + 1, equals - open - 1), row->type);
}

/// join: {location: URL} or {location: {by: URL, order: period.start}}: items of the list are the same when their
/// extension URL has the same value. {link: item}: when they say the same.
void ReadJoin(const YAML::Node& join, ResourceRules& resource) {
  if (!join) {
    return;
  }
  if (!join.IsMap() || resource.verb != port::Verb::kMerge) {
    Refuse(join, "join is a mapping of lists to extension URLs, for verb: merge");
  }
  for (const auto& pair : join) {
    const auto element = TextOf(pair.first, "join");
    const auto* row = R4().FindChild(resource.type, element);
    if (row == nullptr || row->repeats == 0) {
      Refuse(pair.first, fmt::format("'{}' is not a list of {}", element, R4().TypeName(resource.type)));
    }
    port::ListKey key;
    key.element = element;
    if (pair.second.IsMap()) {
      CheckKeys(pair.second, "join", {"by", "order"});
      key.extension_url = TextOf(Wanted(pair.second, "by"), "by");
      if (pair.second["order"]) {
        key.order = TextOf(pair.second["order"], "order");
        CheckPath(pair.second["order"], key.order, row->type);
      }
    } else if (TextOf(pair.second, "join") != "item") {
      key.extension_url = TextOf(pair.second, "join");
    }
    resource.joined.push_back(std::move(key));
  }
}

/// settled: [{when: CONDITION, element: status, values: [finished]}]: a state the message may not leave.
void ReadSettled(const YAML::Node& list, const RuleReader& reader, ResourceRules& resource) {
  if (!list) {
    return;
  }
  if (!list.IsSequence() || resource.verb != port::Verb::kMerge) {
    Refuse(list, "settled is a list, for verb: merge");
  }
  for (const auto& node : list) {
    CheckKeys(node, "settled", {"when", "element", "values", "note"});
    if (!node["element"] || !node["values"]) {
      Refuse(node, "settled needs 'element' and 'values'");
    }
    SettledRule rule;
    if (node["when"]) {
      rule.when = reader.ConditionOf(node["when"]);
    }
    rule.settled = {TextOf(node["element"], "element"), ListOf(node["values"], "values")};
    const auto* row = R4().FindChild(resource.type, rule.settled.element);
    if (row == nullptr || R4().Kind(row->type) != fhir::metadata::TypeKind::kPrimitive) {
      Refuse(node["element"],
             fmt::format("'{}' is not a primitive element of {}", rule.settled.element, R4().TypeName(resource.type)));
    }
    resource.settled.push_back(std::move(rule));
  }
}

/// remove: [{when: CONDITION, elements: [period.end], identifier_types: [INS-NIR], items: [location]}]: what the
/// message takes away.
void ReadRemove(const YAML::Node& list, const RuleReader& reader, ResourceRules& resource) {
  if (!list) {
    return;
  }
  if (!list.IsSequence() || resource.verb != port::Verb::kMerge) {
    Refuse(list, "remove is a list, for verb: merge");
  }
  for (const auto& node : list) {
    CheckKeys(node, "remove", {"when", "elements", "identifier_types", "items", "note"});
    if (!node["elements"] && !node["identifier_types"] && !node["items"]) {
      Refuse(node, "remove needs 'elements', 'identifier_types' or 'items'");
    }
    RemoveRule rule;
    if (node["when"]) {
      rule.when = reader.ConditionOf(node["when"]);
    }
    if (node["elements"]) {
      rule.elements = ListOf(node["elements"], "elements");
    }
    for (const auto& path : rule.elements) {
      CheckRemoval(node["elements"], path, resource.type);
    }
    if (node["identifier_types"]) {
      rule.identifier_types = ListOf(node["identifier_types"], "identifier_types");
    }
    if (node["items"]) {
      rule.items = ListOf(node["items"], "items");
    }
    for (const auto& name : rule.items) {
      if (std::none_of(resource.joined.begin(), resource.joined.end(),
                       [&](const port::ListKey& key) { return key.element == name; })) {
        Refuse(node["items"], fmt::format("'{}' is not a list of 'join'", name));
      }
    }
    resource.removes.push_back(std::move(rule));
  }
}

}  // namespace

void ReadMergeRules(const YAML::Node& node, const RuleReader& reader, ResourceRules& resource) {
  ReadJoin(node["join"], resource);
  ReadSettled(node["settled"], reader, resource);
  ReadRemove(node["remove"], reader, resource);
}

}  // namespace adapters::mapping
