// YAML → CompiledMap. Everything a rule says is checked here, so that running can trust it.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <initializer_list>

#include "adapters/mapping/compiled_map.hpp"
#include "adapters/mapping/condition.hpp"

namespace adapters::mapping {
namespace {

using fhir::metadata::Definitions;

/// Leaves the loader at the first wrong line; caught in CompiledMap::Load.
struct Wrong {
  int line;
  std::string text;
};

[[noreturn]] void Refuse(const YAML::Node& node, std::string text) {
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

}  // namespace

class Loader {
 public:
  Loader(std::string file_name, const Vocabulary& vocabulary)
      : file_name_(std::move(file_name)), vocabulary_(vocabulary), definitions_(Definitions::R4()) {}

  CompiledMap Read(const YAML::Node& root) {
    CheckKeys(root, "a rule file",
              {"name", "source", "types", "versions", "processing_ids", "unknown_trigger", "ignore", "tables",
               "resources", "messages"});
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
    if (const auto node = root["ignore"]) {
      for (const auto& entry : node) {
        map_.ignored_.push_back(AddressOf(entry));
      }
    }
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
  std::string Here(const YAML::Node& node) const { return fmt::format("{}:{}", file_name_, node.Mark().line + 1); }

  Address AddressOf(const YAML::Node& node) const {
    auto address = ParseAddress(TextOf(node, "an address"));
    if (!address) {
      Refuse(node, address.error().public_text.text);
    }
    CheckGroup(node, *address);
    return *std::move(address);
  }

  void CheckGroup(const YAML::Node& node, const Address& address) const {
    const auto name = GroupName(address.group);
    const auto& groups = vocabulary_.groups;
    if (name.front() != 'Z' && std::find(groups.begin(), groups.end(), name) == groups.end()) {
      Refuse(node, fmt::format("unknown segment '{}'", name));
    }
  }

  std::vector<Term> ConditionOf(const YAML::Node& node) const {
    auto terms = ParseCondition(TextOf(node, "when"));
    if (!terms) {
      Refuse(node, terms.error().public_text.text);
    }
    for (const auto& term : *terms) {
      CheckGroup(node, term.address);
    }
    return *std::move(terms);
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
              {"name", "type", "verb", "each", "when", "find_by", "without_key", "id_from", "key_from", "join",
               "settled", "remove", "rules", "note"});
    for (const char* key : {"name", "type", "rules"}) {
      if (!node[key]) {
        Refuse(node, fmt::format("'{}' is missing", key));
      }
    }
    ResourceRules resource;
    resource.place = Here(node);
    resource.name = TextOf(node["name"], "name");
    if (FindResource(resource.name) >= 0) {
      Refuse(node["name"], fmt::format("resource '{}' is there twice", resource.name));
    }
    const auto type_name = TextOf(node["type"], "type");
    resource.type = definitions_.FindType(type_name);
    if (!definitions_.IsResource(resource.type)) {
      Refuse(node["type"], fmt::format("'{}' is not a FHIR resource type", type_name));
    }
    if (const auto verb = node["verb"]) {
      constexpr port::Verb kVerbs[] = {port::Verb::kMerge, port::Verb::kCreate, port::Verb::kUpdate};
      resource.verb = kVerbs[ChoiceOf(verb, "verb", {"merge", "create", "update"})];
    }
    if (node["each"]) {
      resource.each = AddressOf(node["each"]);
    }
    if (node["when"]) {
      resource.when = ConditionOf(node["when"]);
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
          resource.digest.push_back(AddressOf(entry));
        }
        resource.digest_identifier = std::string_view(key) == "key_from";
      }
    }
    if (const auto join = node["join"]) {
      ReadJoin(join, resource);
    }
    ReadSettled(node["settled"], resource);
    ReadRemove(node["remove"], resource);
    if (resource.digest_identifier && !resource.keyed) {
      Refuse(node["key_from"], "key_from needs 'find_by: identifier'");
    }
    resource.rules = ReadRules(node["rules"], resource.type);
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

  /// join: {location: URL}: items of the list are the same when their extension URL has the same value.
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
      resource.joined.push_back({std::string(element), std::string(TextOf(pair.second, "join"))});
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
        rule.when = ConditionOf(node["when"]);
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

  /// remove: [{when: CONDITION, elements: [period.end], identifier_types: [INS-NIR]}]: what the message takes away.
  void ReadRemove(const YAML::Node& list, ResourceRules& resource) {
    if (!list) {
      return;
    }
    if (!list.IsSequence() || resource.verb != port::Verb::kMerge) {
      Refuse(list, "remove is a list, for verb: merge");
    }
    for (const auto& node : list) {
      CheckKeys(node, "remove", {"when", "elements", "identifier_types", "note"});
      if (!node["elements"] && !node["identifier_types"]) {
        Refuse(node, "remove needs 'elements' or 'identifier_types'");
      }
      RemoveRule rule;
      if (node["when"]) {
        rule.when = ConditionOf(node["when"]);
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
      resource.removes.push_back(std::move(rule));
    }
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

  std::vector<Rule> ReadRules(const YAML::Node& list, fhir::metadata::TypeId base) {
    if (!list.IsSequence()) {
      Refuse(list, "rules must be a list");
    }
    std::vector<Rule> rules;
    for (const auto& node : list) {
      rules.push_back(ReadRule(node, base));
    }
    return rules;
  }

  Rule ReadRule(const YAML::Node& node, fhir::metadata::TypeId base) {
    CheckKeys(node, "a rule",
              {"from", "to", "when", "using", "table", "value", "text", "reference", "unknown_code", "required", "key",
               "rules", "spec", "note"});
    Rule rule;
    rule.place = Here(node);
    if (node["spec"]) {
      rule.spec = TextOf(node["spec"], "spec");
    }
    if (node["from"]) {
      rule.from = AddressOf(node["from"]);
      if (rule.from->field == 0) {
        Refuse(node["from"], "'from' must name a field");
      }
    }
    if (node["when"]) {
      rule.when = ConditionOf(node["when"]);
    }
    ReadTarget(node, base, rule);
    ReadFilling(node, rule);
    if (node["unknown_code"]) {
      rule.unknown_code =
          ChoiceOf(node["unknown_code"], "unknown_code", {"fault", "skip"}) == 1 ? Missing::kSkip : Missing::kFault;
    }
    rule.required = node["required"] && FlagOf(node["required"], "required");
    if (rule.required && !rule.from) {
      Refuse(node["required"], "'required' needs 'from'");
    }
    rule.key = node["key"] && FlagOf(node["key"], "key");
    if (rule.key && definitions_.TypeName(rule.type) != "Identifier") {
      Refuse(node["key"], "'key' stands on rules that make an Identifier");
    }
    if (node["rules"]) {
      rule.rules = ReadRules(node["rules"], rule.type);
    }
    return rule;
  }

  void ReadTarget(const YAML::Node& node, fhir::metadata::TypeId base, Rule& rule) {
    rule.type = base;
    if (!node["to"]) {
      if (!node["using"] && !node["rules"]) {
        Refuse(node, "'to' is missing");
      }
      return;
    }
    std::string_view owner = definitions_.TypeName(base);
    const auto path = TextOf(node["to"], "to");
    std::string_view rest = path;
    while (!rest.empty()) {
      Step step;
      std::size_t end = rest.find_first_of(".(");
      std::string_view name = rest.substr(0, end);
      if (end != std::string_view::npos && rest[end] == '(') {
        const auto close = rest.find(')', end);
        if (name != "extension" || close == std::string_view::npos || close == end + 1) {
          Refuse(node["to"], fmt::format("'{}': only extension(URL) takes brackets", path));
        }
        step.extension_url = std::string(rest.substr(end + 1, close - end - 1));
        rest.remove_prefix(close + 1);
      } else {
        rest.remove_prefix(name.size());
      }
      if (!name.empty() && name.back() == '+') {
        step.always_new = true;
        name.remove_suffix(1);
      }
      const auto* row = definitions_.FindChild(rule.type, name);
      if (row == nullptr) {
        Refuse(node["to"], fmt::format("'{}': {} has no element '{}'", path, owner, name));
      }
      step.name = std::string(name);
      rule.type = row->type;
      rule.repeats = row->repeats != 0;
      owner = definitions_.TypeName(rule.type);
      rule.to.push_back(std::move(step));
      if (!rest.empty()) {
        if (rest.front() != '.' || rest.size() == 1) {
          Refuse(node["to"], fmt::format("'{}' is not a FHIR path", path));
        }
        rest.remove_prefix(1);
      }
    }
    if (rule.to.empty()) {
      Refuse(node["to"], "'to' is empty");
    }
  }

  void ReadFilling(const YAML::Node& node, Rule& rule) {
    const auto type_name = definitions_.TypeName(rule.type);
    if (node["table"]) {
      const auto name = TextOf(node["table"], "table");
      const auto found = std::find_if(map_.tables_.begin(), map_.tables_.end(),
                                      [&](const CodeTable& table) { return table.name == name; });
      if (found == map_.tables_.end()) {
        Refuse(node["table"], fmt::format("unknown table '{}'", name));
      }
      rule.table = static_cast<std::int32_t>(found - map_.tables_.begin());
    }
    if (node["using"]) {
      const auto name = TextOf(node["using"], "using");
      const auto found = std::find_if(vocabulary_.functions.begin(), vocabulary_.functions.end(),
                                      [&](const FunctionRow& row) { return row.name == name; });
      if (found == vocabulary_.functions.end()) {
        Refuse(node["using"], fmt::format("unknown function '{}'", name));
      }
      if (!found->targets.empty() && !Lists(found->targets, type_name)) {
        Refuse(node["using"], fmt::format("'{}' makes {}, not {}", name, found->targets, type_name));
      }
      if (!rule.from) {
        Refuse(node["using"], "'using' needs 'from'");
      }
      rule.function = found->function;
    }
    if (node["value"] && node["text"]) {
      Refuse(node, "either 'value' or 'text'");
    }
    if (node["value"]) {
      rule.text.push_back({TextOf(node["value"], "value"), std::nullopt});
    }
    if (node["text"]) {
      ReadText(node["text"], rule);
    }
    if (node["reference"]) {
      const auto name = TextOf(node["reference"], "reference");
      rule.reference = FindResource(name);
      if (rule.reference < 0) {
        Refuse(node["reference"], fmt::format("no resource '{}' stands before this one", name));
      }
      if (!Lists("Reference url uri", type_name)) {
        Refuse(node["reference"], fmt::format("'reference' makes Reference or url, not {}", type_name));
      }
    }
    const int ways = (rule.function != nullptr) + !rule.text.empty() + (rule.reference >= 0);
    if (ways > 1) {
      Refuse(node, "only one of 'using', 'value', 'text', 'reference'");
    }
    const bool primitive = definitions_.Kind(rule.type) == fhir::metadata::TypeKind::kPrimitive;
    if (!rule.text.empty() && !primitive) {
      Refuse(node, fmt::format("{} is not a primitive type", type_name));
    }
    if (ways == 0) {
      const bool coded = rule.table >= 0 && Lists("Coding CodeableConcept", type_name);
      if (!node["rules"] && !rule.from) {
        Refuse(node, "nothing fills this element: 'from', 'value', 'text', 'reference' or 'rules'");
      }
      if (rule.from && !primitive && !coded && !node["rules"]) {
        Refuse(node, fmt::format("{} needs 'using', 'table' or 'rules'", type_name));
      }
    }
  }

  void ReadText(const YAML::Node& node, Rule& rule) {
    const auto whole = TextOf(node, "text");
    std::string_view rest = whole;
    while (!rest.empty()) {
      const auto open = rest.find('{');
      if (open != 0) {
        rule.text.push_back({std::string(rest.substr(0, open)), std::nullopt});
      }
      if (open == std::string_view::npos) {
        return;
      }
      const auto close = rest.find('}', open);
      if (close == std::string_view::npos) {
        Refuse(node, "'{' without '}'");
      }
      auto address = ParseAddress(rest.substr(open + 1, close - open - 1));
      if (!address) {
        Refuse(node, address.error().public_text.text);
      }
      CheckGroup(node, *address);
      rule.text.push_back({"", *std::move(address)});
      rest.remove_prefix(close + 1);
    }
  }

  void ReadMessage(const YAML::Node& key, const YAML::Node& node) {
    MessageRules message;
    message.trigger = TextOf(key, "a trigger");
    int previous = -1;
    for (const auto& name : ListOf(node, "the resources of a trigger")) {
      const int index = FindResource(name);
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

  std::int32_t FindResource(std::string_view name) const {
    for (std::size_t i = 0; i < map_.resources_.size(); ++i) {
      if (map_.resources_[i].name == name) {
        return static_cast<std::int32_t>(i);
      }
    }
    return -1;
  }

  static bool Lists(std::string_view words, std::string_view word) {
    while (!words.empty()) {
      const auto space = words.find(' ');
      if (words.substr(0, space) == word) {
        return true;
      }
      words.remove_prefix(space == std::string_view::npos ? words.size() : space + 1);
    }
    return false;
  }

  std::string file_name_;
  const Vocabulary& vocabulary_;
  const Definitions& definitions_;
  CompiledMap map_;
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
