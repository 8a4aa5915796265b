// YAML → CompiledMap. Everything a rule says is checked here, so that running can trust it.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "adapters/mapping/compiled_map.hpp"
#include "adapters/mapping/rule_reader.hpp"
#include "adapters/mapping/yaml_node.hpp"

namespace adapters::mapping {

using fhir::metadata::Definitions;

class Loader {
 public:
  Loader(std::string file_name, const Vocabulary& vocabulary)
      : reader_(std::move(file_name), vocabulary, map_.tables_, map_.resources_), definitions_(Definitions::R4()) {}

  CompiledMap Read(const YAML::Node& root) {
    CheckKeys(root, "a rule file",
              {"name", "source", "types", "versions", "processing_ids", "unknown_trigger", "ignore", "complete",
               "within", "tables", "resources", "messages"});
    for (const char* key : {"name", "types", "versions", "processing_ids", "resources", "messages"}) {
      if (!root[key]) {
        Refuse(root, fmt::format("'{}' is missing", key));
      }
    }
    map_.name_ = TextOf(root["name"], "name");
    map_.types_ = ListOf(root["types"], "types");
    map_.versions_ = ListOf(root["versions"], "versions");
    map_.processing_ids_ = ListOf(root["processing_ids"], "processing_ids");
    if (const auto node = root["unknown_trigger"]) {
      map_.ignores_unknown_triggers_ = ChoiceOf(node, "unknown_trigger", {"refuse", "ignore"}) == 1;
    }
    if (const auto node = root["complete"]) {
      for (const auto& entry : node) {
        map_.complete_.push_back(reader_.AddressOf(entry));
      }
    }
    if (const auto node = root["ignore"]) {
      for (const auto& entry : node) {
        map_.ignored_.push_back(reader_.AddressOf(entry));
      }
    }
    ReadNesting(root["within"]);
    if (const auto node = root["tables"]) {
      if (!node.IsMap()) {
        Refuse(node, "tables must be a map of named tables");
      }
      for (const auto& entry : node) {
        ReadTable(entry.first.as<std::string>(), entry.second);
      }
    }
    if (!root["resources"].IsSequence()) {
      Refuse(root["resources"], "resources must be a list");
    }
    for (const auto& entry : root["resources"]) {
      ReadResource(entry);
    }
    if (!root["messages"].IsMap()) {
      Refuse(root["messages"], "messages must map triggers to lists of resources");
    }
    for (const auto& entry : root["messages"]) {
      ReadMessage(entry.first, entry.second);
    }
    return std::move(map_);
  }

 private:
  /// within: {OBX: OBR, NTE: [OBR, OBX]}: a segment belongs to the nearest of those before it.
  void ReadNesting(const YAML::Node& node) {
    if (!node) {
      return;
    }
    if (!node.IsMap()) {
      Refuse(node, "within must map a segment to those it may belong to");
    }
    const auto group_of = [&](const YAML::Node& name) {
      const auto address = reader_.AddressOf(name);
      if (address.field != 0 || address.occurrence != 0) {
        Refuse(name, "within speaks of segments, not of fields");
      }
      return address.group;
    };
    for (const auto& entry : node) {
      std::vector<std::uint32_t> owners;
      if (entry.second.IsSequence()) {
        for (const auto& owner : entry.second) {
          owners.push_back(group_of(owner));
        }
      } else {
        owners.push_back(group_of(entry.second));
      }
      const std::uint32_t group = group_of(entry.first);
      if (owners.empty() || std::find(owners.begin(), owners.end(), group) != owners.end()) {
        Refuse(entry.second, "a segment belongs to one of another name");
      }
      map_.nesting_.Add(group, std::move(owners));
    }
  }

  void ReadTable(const std::string& name, const YAML::Node& node) {
    CheckKeys(node, fmt::format("table '{}'", name), {"system", "codes", "pass_through", "source"});
    CodeTable table;
    table.name = name;
    if (node["system"]) {
      table.system = TextOf(node["system"], "system");
    }
    if (node["pass_through"]) {
      table.pass_through = FlagOf(node["pass_through"], "pass_through");
    }
    if (const auto codes = node["codes"]) {
      if (!codes.IsMap()) {
        Refuse(codes, "codes must map a source code to a code, or to {code, display, system}");
      }
      for (const auto& row : codes) {
        CodeEntry entry{.system = table.system};
        if (row.second.IsScalar()) {
          entry.code = row.second.as<std::string>();
        } else {
          CheckKeys(row.second, "a code", {"code", "display", "system"});
          if (!row.second["code"]) {
            Refuse(row.second, "'code' is missing");
          }
          entry.code = TextOf(row.second["code"], "code");
          if (row.second["display"]) {
            entry.display = TextOf(row.second["display"], "display");
          }
          if (row.second["system"]) {
            entry.system = TextOf(row.second["system"], "system");
          }
        }
        table.entries.emplace(row.first.as<std::string>(), std::move(entry));
      }
    }
    if (table.entries.empty() && !table.pass_through) {
      Refuse(node, fmt::format("table '{}' has no codes", name));
    }
    map_.tables_.push_back(std::move(table));
  }

  void ReadResource(const YAML::Node& node) {
    CheckKeys(node, "a resource",
              {"name", "type", "verb", "each", "when", "find_by", "without_key", "id_from", "key_from", "key_as",
               "twins", "join", "settled", "remove", "rules", "note"});
    for (const char* key : {"name", "type", "rules"}) {
      if (!node[key]) {
        Refuse(node, fmt::format("'{}' is missing", key));
      }
    }
    ResourceRules resource;
    resource.place = reader_.Here(node);
    resource.name = TextOf(node["name"], "name");
    if (FindResource(map_.resources_, resource.name) >= 0) {
      Refuse(node["name"], fmt::format("resource '{}' is there twice", resource.name));
    }
    const auto type_name = TextOf(node["type"], "type");
    resource.type = definitions_.FindType(type_name);
    if (!definitions_.IsResource(resource.type)) {
      Refuse(node["type"], fmt::format("'{}' is not a FHIR resource type", type_name));
    }
    if (const auto verb = node["verb"]) {
      constexpr port::Verb kVerbs[] = {port::Verb::kMerge, port::Verb::kCreate, port::Verb::kUpdate,
                                       port::Verb::kMerge};
      const auto choice = ChoiceOf(verb, "verb", {"merge", "create", "update", "amend"});
      resource.verb = kVerbs[choice];
      resource.existing_only = choice == 3;
    }
    if (node["each"]) {
      resource.each = reader_.AddressOf(node["each"]);
    }
    if (node["when"]) {
      resource.when = reader_.ConditionOf(node["when"]);
    }
    if (node["without_key"]) {
      resource.without_key =
          ChoiceOf(node["without_key"], "without_key", {"fault", "skip"}) == 1 ? Missing::kSkip : Missing::kFault;
    }
    if (const auto find_by = node["find_by"]) {
      ChoiceOf(find_by, "find_by", {"identifier"});
      if (definitions_.FindSearchParameter(resource.type, "identifier") == nullptr) {
        Refuse(find_by, fmt::format("{} has no search parameter 'identifier'", type_name));
      }
      resource.keyed = true;
    }
    for (const char* key : {"id_from", "key_from"}) {
      if (const auto list = node[key]) {
        if (!list.IsSequence() || list.size() == 0) {
          Refuse(list, fmt::format("{} must be a list of addresses", key));
        }
        for (const auto& entry : list) {
          resource.digest.push_back(reader_.AddressOf(entry));
        }
        resource.digest_identifier = std::string_view(key) == "key_from";
      }
    }
    resource.key_name = node["key_as"] ? TextOf(node["key_as"], "key_as") : resource.name;
    if (node["key_as"] && !resource.digest_identifier) {
      Refuse(node["key_as"], "key_as needs key_from");
    }
    if (const auto twins = node["twins"]) {
      if (resource.digest.empty()) {
        Refuse(twins, "twins needs id_from or key_from");
      }
      resource.numbers_twins = ChoiceOf(twins, "twins", {"one", "numbered"}) == 1;
    }
    if (const auto join = node["join"]) {
      ReadJoin(join, resource);
    }
    ReadSettled(node["settled"], resource);
    ReadRemove(node["remove"], resource);
    if (resource.digest_identifier && !resource.keyed) {
      Refuse(node["key_from"], "key_from needs 'find_by: identifier'");
    }
    resource.rules = reader_.ReadRules(node["rules"], resource.type);
    const bool has_key_rule =
        std::any_of(resource.rules.begin(), resource.rules.end(), [](const Rule& r) { return r.key; });
    if (resource.keyed && !resource.digest_identifier && !has_key_rule) {
      Refuse(node, "find_by: identifier needs a rule with 'key: true', or key_from");
    }
    if (map_.resources_.size() >= 200) {
      Refuse(node, "more than 200 resources in one rule file");
    }
    map_.resources_.push_back(std::move(resource));
  }

  /// join: {location: URL} or {location: {by: URL, order: period.start}}: items of the list are the same when their
  /// extension URL has the same value.
  void ReadJoin(const YAML::Node& join, ResourceRules& resource) {
    if (!join.IsMap() || resource.verb != port::Verb::kMerge) {
      Refuse(join, "join is a mapping of lists to extension URLs, for verb: merge");
    }
    for (const auto& pair : join) {
      const auto element = TextOf(pair.first, "join");
      const auto* row = definitions_.FindChild(resource.type, element);
      if (row == nullptr || row->repeats == 0) {
        Refuse(pair.first, fmt::format("'{}' is not a list of {}", element, definitions_.TypeName(resource.type)));
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
      } else {
        key.extension_url = TextOf(pair.second, "join");
      }
      resource.joined.push_back(std::move(key));
    }
  }

  /// settled: [{when: CONDITION, element: status, values: [finished]}]: a state the message may not leave.
  void ReadSettled(const YAML::Node& list, ResourceRules& resource) {
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
        rule.when = reader_.ConditionOf(node["when"]);
      }
      rule.settled = {TextOf(node["element"], "element"), ListOf(node["values"], "values")};
      const auto* row = definitions_.FindChild(resource.type, rule.settled.element);
      if (row == nullptr || definitions_.Kind(row->type) != fhir::metadata::TypeKind::kPrimitive) {
        Refuse(node["element"], fmt::format("'{}' is not a primitive element of {}", rule.settled.element,
                                            definitions_.TypeName(resource.type)));
      }
      resource.settled.push_back(std::move(rule));
    }
  }

  /// remove: [{when: CONDITION, elements: [period.end], identifier_types: [INS-NIR], items: [location]}]: what the
  /// message takes away.
  void ReadRemove(const YAML::Node& list, ResourceRules& resource) {
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
        rule.when = reader_.ConditionOf(node["when"]);
      }
      if (node["elements"]) {
        rule.elements = ListOf(node["elements"], "elements");
      }
      for (const auto& path : rule.elements) {
        CheckPath(node["elements"], path, resource.type);
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

  static YAML::Node Wanted(const YAML::Node& map, const char* key) {
    const YAML::Node node = map[key];
    if (!node) {
      Refuse(map, fmt::format("'{}' is missing", key));
    }
    return node;
  }

  void CheckPath(const YAML::Node& node, std::string_view path, fhir::metadata::TypeId type) const {
    for (std::string_view rest = path;;) {
      const auto dot = rest.find('.');
      const auto* row = definitions_.FindChild(type, rest.substr(0, dot));
      if (row == nullptr) {
        Refuse(node,
               fmt::format("'{}': {} has no element '{}'", path, definitions_.TypeName(type), rest.substr(0, dot)));
      }
      if (dot == std::string_view::npos) {
        return;
      }
      type = row->type;
      rest.remove_prefix(dot + 1);
    }
  }

  void ReadMessage(const YAML::Node& key, const YAML::Node& node) {
    MessageRules message;
    message.trigger = TextOf(key, "a trigger");
    int previous = -1;
    for (const auto& name : ListOf(node, "the resources of a trigger")) {
      const int index = FindResource(map_.resources_, name);
      if (index < 0) {
        Refuse(node, fmt::format("unknown resource '{}'", name));
      }
      if (index <= previous) {
        Refuse(node, fmt::format("'{}' must keep the order of 'resources'", name));
      }
      previous = index;
      message.resources.push_back(static_cast<std::uint16_t>(index));
    }
    map_.messages_.emplace(message.trigger, std::move(message));
  }

  CompiledMap map_;  // before the reader, which borrows from it
  RuleReader reader_;
  const Definitions& definitions_;
};

fhir::Result<CompiledMap> CompiledMap::Load(std::string_view yaml, std::string file_name,
                                            const Vocabulary& vocabulary) {
  try {
    return Loader(file_name, vocabulary).Read(YAML::Load(std::string(yaml)));
  } catch (const Wrong& wrong) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{}:{}: {}", file_name, wrong.line, wrong.text));
  } catch (const YAML::Exception& error) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration,
                      fmt::format("{}:{}: {}", file_name, error.mark.line + 1, error.msg));
  }
}

}  // namespace adapters::mapping
