// YAML → CompiledMap. Everything a rule says is checked here, so that running can trust it.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "adapters/mapping/compiled_map.hpp"
#include "adapters/mapping/merge_rules.hpp"
#include "adapters/mapping/rule_reader.hpp"
#include "adapters/mapping/yaml_node.hpp"

namespace adapters::mapping {

using fhir::metadata::Definitions;

class Loader {
 public:
  Loader(std::string file_name, const Vocabulary& vocabulary, const IncludeReader& includes)
      : reader_(std::move(file_name), vocabulary, map_.tables_, map_.resources_), includes_(includes) {}

  CompiledMap Read(const YAML::Node& root) {
    CheckKeys(root, "a rule file",
              {"name", "source", "types", "versions", "processing_ids", "countries", "unknown_trigger", "include",
               "required", "ignore", "complete", "within", "tables", "resources", "messages"});
    for (const char* key : {"name", "types", "versions", "processing_ids", "messages"}) {
      if (!root[key]) {
        Refuse(root, fmt::format("'{}' is missing", key));
      }
    }
    map_.name_ = TextOf(root["name"], "name");
    map_.types_ = ListOf(root["types"], "types");
    map_.versions_ = ListOf(root["versions"], "versions");
    map_.processing_ids_ = ListOf(root["processing_ids"], "processing_ids");
    if (const auto node = root["countries"]) {
      map_.countries_ = ListOf(node, "countries");
    }
    if (const auto node = root["unknown_trigger"]) {
      map_.ignores_unknown_triggers_ = ChoiceOf(node, "unknown_trigger", {"refuse", "ignore"}) == 1;
    }
    if (const auto node = root["required"]) {
      for (const auto& entry : node) {
        map_.required_.push_back(reader_.AddressOf(entry));
        if (map_.required_.back().field == 0) {
          Refuse(entry, "'required' names fields");
        }
      }
    }
    ReadParts(root);
    if (!root["messages"].IsMap()) {
      Refuse(root["messages"], "messages must map triggers to lists of resources");
    }
    for (const auto& entry : root["messages"]) {
      ReadMessage(entry.first, entry.second);
    }
    return std::move(map_);
  }

 private:
  /// What a rule file and a file that it includes both may hold. Tables come first, so that what is included may use
  /// those of the file that includes it; then the resources that are included, then the file's own.
  void ReadParts(const YAML::Node& root) {
    if (const auto node = root["tables"]) {
      if (!node.IsMap()) {
        Refuse(node, "tables must be a map of named tables");
      }
      for (const auto& entry : node) {
        ReadTable(entry.first.as<std::string>(), entry.second);
      }
    }
    if (const auto node = root["include"]) {
      if (!node.IsSequence()) {
        Refuse(node, "include must be a list of files");
      }
      for (const auto& entry : node) {
        Include(entry);
      }
    }
    for (const auto& [key, addresses] : {std::pair("complete", &map_.complete_), std::pair("ignore", &map_.ignored_)}) {
      if (const auto node = root[key]) {
        for (const auto& entry : node) {
          addresses->push_back(reader_.AddressOf(entry));
        }
      }
    }
    ReadNesting(root["within"]);
    if (const auto node = root["resources"]) {
      if (!node.IsSequence()) {
        Refuse(node, "resources must be a list");
      }
      for (const auto& entry : node) {
        ReadResource(entry);
      }
    }
  }

  /// Reads a file once, however often it is named.
  void Include(const YAML::Node& entry) {
    const auto path = TextOf(entry, "include");
    if (!includes_) {
      Refuse(entry, "nothing can be included here");
    }
    auto file = includes_(reader_.file_name(), path);
    if (!file) {
      Refuse(entry, fmt::format("'{}': {}", path, file.error().public_text.text));
    }
    const auto same = [&](const std::string& name) { return name == file->name; };
    if (file->name == reader_.file_name() || std::any_of(open_.begin(), open_.end(), same)) {
      Refuse(entry, fmt::format("'{}' includes itself", path));
    }
    if (std::any_of(included_.begin(), included_.end(), same)) {
      return;
    }
    if (included_.size() == kIncludesMax) {
      Refuse(entry, fmt::format("more than {} files are included", kIncludesMax));
    }
    included_.push_back(file->name);
    open_.push_back(reader_.EnterFile(file->name));
    try {
      const YAML::Node root = YAML::Load(file->yaml);
      CheckKeys(root, "an included file", {"source", "include", "ignore", "complete", "within", "tables", "resources"});
      ReadParts(root);
    } catch (const Wrong& wrong) {
      throw Wrong{wrong.line, wrong.text, wrong.file.empty() ? file->name : wrong.file};
    } catch (const YAML::Exception& error) {
      throw Wrong{error.mark.line + 1, error.msg, file->name};
    }
    reader_.EnterFile(open_.back());
    open_.pop_back();
  }

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
    CheckKeys(node, fmt::format("table '{}'", name),
              {"system", "codes", "pass_through", "unlisted_code", "unlisted_system", "source"});
    if (std::any_of(map_.tables_.begin(), map_.tables_.end(), [&](const CodeTable& one) { return one.name == name; })) {
      Refuse(node, fmt::format("table '{}' is there twice", name));
    }
    CodeTable table;
    table.name = name;
    if (node["system"]) {
      table.system = TextOf(node["system"], "system");
    }
    if (node["pass_through"]) {
      table.pass_through = FlagOf(node["pass_through"], "pass_through");
    }
    table.unlisted_system = table.system;
    if (node["unlisted_system"]) {
      if (!table.pass_through || !node["codes"]) {
        Refuse(node["unlisted_system"], "unlisted_system is for tables with codes where others pass through");
      }
      table.unlisted_system = TextOf(node["unlisted_system"], "unlisted_system");
    }
    if (node["unlisted_code"]) {
      if (table.pass_through || !node["codes"]) {
        Refuse(node["unlisted_code"], "unlisted_code is for tables with codes where no others pass through");
      }
      table.unlisted_code = TextOf(node["unlisted_code"], "unlisted_code");
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
              {"name", "type", "verb", "each", "required", "when", "find_by", "without_key", "id_from", "key_from",
               "key_as", "twins", "join", "settled", "remove", "rules", "note"});
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
    resource.required = node["required"] && FlagOf(node["required"], "required");
    if (resource.required && !resource.each) {
      Refuse(node["required"], "'required' needs 'each'");
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
          auto& alternatives = resource.digest.emplace_back();
          if (entry.IsSequence() && entry.size() > 0) {
            for (const auto& one : entry) {
              alternatives.push_back(reader_.AddressOf(one));
            }
          } else {
            alternatives.push_back(reader_.AddressOf(entry));
          }
        }
        resource.digest_identifier = std::string_view(key) == "key_from";
      }
    }
    resource.key_name = node["key_as"] ? TextOf(node["key_as"], "key_as") : resource.name;
    if (node["key_as"] && !resource.digest_identifier) {
      Refuse(node["key_as"], "key_as needs key_from");
    }
    if (const auto twins = node["twins"]) {
      const auto choice = ChoiceOf(twins, "twins", {"one", "numbered", "fault"});
      if (choice != 2 && resource.digest.empty()) {
        Refuse(twins, "twins needs id_from or key_from");
      }
      if (choice == 2 && !resource.keyed) {
        Refuse(twins, "twins: fault needs 'find_by: identifier'");
      }
      resource.numbers_twins = choice == 1;
      resource.refuses_twins = choice == 2;
    }
    ReadMergeRules(node, reader_, resource);
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

  static constexpr std::size_t kIncludesMax = 100;

  CompiledMap map_;  // before the reader, which borrows from it
  RuleReader reader_;
  const IncludeReader& includes_;
  std::vector<std::string> included_;
  std::vector<std::string> open_;  ///< files that are being read, above the one that the reader is in
  const Definitions& definitions_ = Definitions::R4();
};

fhir::Result<CompiledMap> CompiledMap::Load(std::string_view yaml, std::string file_name, const Vocabulary& vocabulary,
                                            const IncludeReader& includes) {
  try {
    return Loader(file_name, vocabulary, includes).Read(YAML::Load(std::string(yaml)));
  } catch (const Wrong& wrong) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration,
                      fmt::format("{}:{}: {}", wrong.file.empty() ? file_name : wrong.file, wrong.line, wrong.text));
  } catch (const YAML::Exception& error) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration,
                      fmt::format("{}:{}: {}", file_name, error.mark.line + 1, error.msg));
  }
}

}  // namespace adapters::mapping
