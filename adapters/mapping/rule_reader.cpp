#include "adapters/mapping/rule_reader.hpp"

#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "adapters/mapping/condition.hpp"

namespace adapters::mapping {
namespace {

/// Whether `word` is one of `words`, which blanks separate.
bool Lists(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const auto space = words.find(' ');
    if (words.substr(0, space) == word) {
      return true;
    }
    words.remove_prefix(space == std::string_view::npos ? words.size() : space + 1);
  }
  return false;
}

}  // namespace

std::int32_t FindResource(std::span<const ResourceRules> resources, std::string_view name) {
  for (std::size_t i = 0; i < resources.size(); ++i) {
    if (resources[i].name == name) {
      return static_cast<std::int32_t>(i);
    }
  }
  return -1;
}

std::string RuleReader::Here(const YAML::Node& node) const {
  return fmt::format("{}:{}", file_name_, node.Mark().line + 1);
}

Address RuleReader::AddressOf(const YAML::Node& node) const {
  auto address = ParseAddress(TextOf(node, "an address"));
  if (!address) {
    Refuse(node, address.error().public_text.text);
  }
  CheckGroup(node, *address);
  return *std::move(address);
}

void RuleReader::CheckGroup(const YAML::Node& node, const Address& address) const {
  const auto name = GroupName(address.group);
  const auto& groups = vocabulary_.groups;
  if (name.front() != 'Z' && std::find(groups.begin(), groups.end(), name) == groups.end()) {
    Refuse(node, fmt::format("unknown segment '{}'", name));
  }
}

std::vector<Term> RuleReader::ConditionOf(const YAML::Node& node) const {
  auto terms = ParseCondition(TextOf(node, "when"));
  if (!terms) {
    Refuse(node, terms.error().public_text.text);
  }
  for (const auto& term : *terms) {
    CheckGroup(node, term.address);
  }
  return *std::move(terms);
}

std::vector<Rule> RuleReader::ReadRules(const YAML::Node& list, fhir::metadata::TypeId base) const {
  if (!list.IsSequence()) {
    Refuse(list, "rules must be a list");
  }
  std::vector<Rule> rules;
  for (const auto& node : list) {
    rules.push_back(ReadRule(node, base));
  }
  return rules;
}

Rule RuleReader::ReadRule(const YAML::Node& node, fhir::metadata::TypeId base) const {
  CheckKeys(node, "a rule",
            {"from", "to", "when", "using", "table", "value", "text", "reference", "with", "unknown_code", "required",
             "key", "rules", "spec", "note"});
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

void RuleReader::ReadTarget(const YAML::Node& node, fhir::metadata::TypeId base, Rule& rule) const {
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
      if (!rest.empty() && rest.front() == '+') {
        step.always_new = true;
        rest.remove_prefix(1);
      }
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
  rule.repeats =
      rule.repeats || std::any_of(rule.to.begin(), rule.to.end(), [](const Step& s) { return s.always_new; });
}

void RuleReader::ReadFilling(const YAML::Node& node, Rule& rule) const {
  const auto type_name = definitions_.TypeName(rule.type);
  if (node["table"]) {
    const auto name = TextOf(node["table"], "table");
    const auto found =
        std::find_if(tables_.begin(), tables_.end(), [&](const CodeTable& table) { return table.name == name; });
    if (found == tables_.end()) {
      Refuse(node["table"], fmt::format("unknown table '{}'", name));
    }
    rule.table = static_cast<std::int32_t>(found - tables_.begin());
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
    if (const auto with = node["with"]) {
      for (const auto& entry : with.IsSequence() ? with : YAML::Node(std::vector<YAML::Node>{with})) {
        rule.with.push_back(AddressOf(entry));
      }
    }
    rule.function = found->function;
    rule.takes_field = found->takes_field;
  }
  if (node["with"] && !node["using"]) {
    Refuse(node["with"], "'with' needs 'using'");
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
    rule.reference = FindResource(resources_, name);
    if (rule.reference < 0) {
      Refuse(node["reference"], fmt::format("no resource '{}' stands before this one", name));
    }
    if (!Lists("Reference url uri", type_name)) {
      Refuse(node["reference"], fmt::format("'reference' makes Reference or url, not {}", type_name));
    }
  }
  CheckFilling(node, rule);
}

void RuleReader::CheckFilling(const YAML::Node& node, const Rule& rule) const {
  const auto type_name = definitions_.TypeName(rule.type);
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

void RuleReader::ReadText(const YAML::Node& node, Rule& rule) const {
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

}  // namespace adapters::mapping
