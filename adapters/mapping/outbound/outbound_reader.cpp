// YAML → OutboundMap. Everything a rule says is checked here, so that running can trust it.
#include <fmt/format.h>
#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <charconv>

#include "adapters/mapping/outbound/outbound_map.hpp"
#include "adapters/mapping/yaml_node.hpp"

namespace adapters::mapping::outbound {

using fhir::fhirpath::Expression;
using fhir::metadata::Definitions;

class OutboundLoader {
 public:
  OutboundLoader(std::string file_name, const IncludeReader& includes)
      : file_name_(std::move(file_name)), includes_(includes) {}

  OutboundMap Read(const YAML::Node& root) {
    CheckKeys(root, "a rule file",
              {"name", "source", "resource", "message", "patient", "encounter", "include", "tables", "parts", "events",
               "segments"});
    for (const char* key : {"name", "resource", "message", "patient", "events", "segments"}) {
      if (!root[key]) {
        Refuse(root, fmt::format("'{}' is missing", key));
      }
    }
    map_.name_ = TextOf(root["name"], "name");
    map_.resource_type_ = TextOf(root["resource"], "resource");
    type_ = Definitions::R4().FindType(map_.resource_type_);
    if (!Definitions::R4().IsResource(type_)) {
      Refuse(root["resource"], fmt::format("'{}' is not a FHIR resource type", map_.resource_type_));
    }
    const auto message = root["message"];
    CheckKeys(message, "message", {"type", "version", "profile"});
    map_.message_type_ = TextOf(message["type"], "type");
    map_.version_ = TextOf(message["version"], "version");
    map_.profile_ = message["profile"] ? TextOf(message["profile"], "profile") : "";
    map_.patient_ = ExpressionOf(root["patient"], Focus::kResource);
    if (root["encounter"]) {
      map_.encounter_ = ExpressionOf(root["encounter"], Focus::kResource);
    }
    ReadParts(root);
    for (const auto& event : ListNode(root["events"], "events")) {
      ReadEvent(event);
    }
    for (const auto& segment : ListNode(root["segments"], "segments")) {
      ReadSegment(segment);
    }
    return std::move(map_);
  }

 private:
  /// What an expression stands on: the resource of the file, whose elements are known, or an item of an `each`.
  enum class Focus : std::uint8_t { kResource, kItem };

  static YAML::Node ListNode(const YAML::Node& node, std::string_view what) {
    if (!node.IsSequence() || node.size() == 0) {
      Refuse(node, fmt::format("{} must be a list", what));
    }
    return node;
  }

  Expression ExpressionOf(const YAML::Node& node, Focus focus) const {
    const auto text = TextOf(node, "an expression");
    auto expression =
        focus == Focus::kResource ? fhir::fhirpath::CompileChecked(text, type_) : fhir::fhirpath::Compile(text);
    if (!expression) {
      Refuse(node, fmt::format("'{}': {}", text, expression.error().public_text.text));
    }
    return *std::move(expression);
  }

  /// Tables and parts, those of included files first.
  void ReadParts(const YAML::Node& root) {
    if (const auto node = root["include"]) {
      for (const auto& entry : ListNode(node, "include")) {
        Include(entry);
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
    if (const auto node = root["parts"]) {
      if (!node.IsMap()) {
        Refuse(node, "parts must be a map of named segments");
      }
      for (const auto& entry : node) {
        parts_[entry.first.as<std::string>()] = {file_name_, entry.second};
      }
    }
  }

  void Include(const YAML::Node& entry) {
    const auto path = TextOf(entry, "include");
    if (!includes_ || depth_ > 0) {
      Refuse(entry, "nothing can be included here");
    }
    auto file = includes_(file_name_, path);
    if (!file) {
      Refuse(entry, fmt::format("'{}': {}", path, file.error().public_text.text));
    }
    const std::string including = std::exchange(file_name_, file->name);
    ++depth_;
    Within(file_name_, [&] {
      const YAML::Node root = YAML::Load(file->yaml);
      CheckKeys(root, "an included file", {"source", "tables", "parts"});
      ReadParts(root);
    });
    --depth_;
    file_name_ = including;
  }

  /// Runs `read`; what it refuses is of that file.
  template <typename Read>
  void Within(const std::string& file, Read&& read) {
    try {
      read();
    } catch (const Wrong& wrong) {
      throw Wrong{wrong.line, wrong.text, wrong.file.empty() ? file : wrong.file};
    } catch (const YAML::Exception& error) {
      throw Wrong{error.mark.line + 1, error.msg, file};
    }
  }

  void ReadTable(const std::string& name, const YAML::Node& node) {
    CheckKeys(node, fmt::format("table '{}'", name), {"source", "codes", "otherwise"});
    OutboundTable table{.name = name, .codes = {}, .otherwise = {}};
    if (!node["codes"] || !node["codes"].IsMap()) {
      Refuse(node, fmt::format("table '{}' has no codes", name));
    }
    for (const auto& row : node["codes"]) {
      table.codes.emplace(TextOf(row.first, "a code"), TextOf(row.second, "a code"));
    }
    if (node["otherwise"]) {
      table.otherwise = TextOf(node["otherwise"], "otherwise");
    }
    map_.tables_.push_back(std::move(table));
  }

  void ReadEvent(const YAML::Node& node) {
    CheckKeys(node, "an event", {"event", "structure", "when", "on"});
    EventRule rule;
    for (const char* key : {"event", "structure"}) {
      if (!node[key]) {
        Refuse(node, fmt::format("'{}' is missing", key));
      }
    }
    rule.event = TextOf(node["event"], "event");
    rule.structure = TextOf(node["structure"], "structure");
    if (node["when"]) {
      rule.when = ExpressionOf(node["when"], Focus::kResource);
    }
    if (node["on"]) {
      rule.on_delete = ChoiceOf(node["on"], "on", {"write", "delete"}) == 1;
    }
    map_.events_.push_back(std::move(rule));
  }

  void ReadSegment(const YAML::Node& node) {
    if (node.IsScalar()) {
      const auto part = parts_.find(node.as<std::string>());
      if (part == parts_.end()) {
        Refuse(node, fmt::format("no part is called '{}'", node.as<std::string>()));
      }
      const std::string including = std::exchange(file_name_, part->second.first);
      Within(file_name_, [&] { ReadSegmentRule(part->second.second); });
      file_name_ = including;
      return;
    }
    ReadSegmentRule(node);
  }

  void ReadSegmentRule(const YAML::Node& node) {
    CheckKeys(node, "a segment", {"segment", "each", "when", "fields", "spec", "note"});
    if (!node["segment"] || !node["fields"]) {
      Refuse(node, "a segment has a name and fields");
    }
    SegmentRule rule;
    rule.name = TextOf(node["segment"], "segment");
    if (rule.name.size() != 3) {
      Refuse(node["segment"], "the name of a segment has three characters");
    }
    if (node["each"]) {
      rule.each = ExpressionOf(node["each"], Focus::kResource);
    }
    const Focus focus = rule.each ? Focus::kItem : Focus::kResource;
    if (node["when"]) {
      rule.when = ExpressionOf(node["when"], focus);
    }
    if (!node["fields"].IsMap()) {
      Refuse(node["fields"], "fields must map field numbers to their rules");
    }
    for (const auto& entry : node["fields"]) {
      rule.fields.push_back(FieldOf(entry.first, entry.second, focus));
    }
    map_.segments_.push_back(std::move(rule));
  }

  FieldRule FieldOf(const YAML::Node& key, const YAML::Node& node, Focus focus) const {
    FieldRule rule;
    const auto number = TextOf(key, "a field number");
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), rule.number);
    if (error != std::errc{} || end != number.data() + number.size() || rule.number < 1 || rule.number > kFieldsMax) {
      Refuse(key, fmt::format("'{}' is no field number", number));
    }
    if (node.IsMap() && node["repeat"]) {
      CheckKeys(node, "a field with repeat", {"repeat", "spec", "note"});
      for (const auto& one : ListNode(node["repeat"], "repeat")) {
        rule.repetitions.push_back(RepetitionOf(one, focus));
      }
      return rule;
    }
    rule.repetitions.push_back(RepetitionOf(node, focus));
    return rule;
  }

  RepetitionRule RepetitionOf(const YAML::Node& node, Focus focus) const {
    RepetitionRule rule;
    if (!node.IsMap()) {
      rule.components = ComponentsOf(node, focus);
      return rule;
    }
    CheckKeys(node, "a field",
              {"each", "when", "components", "from", "as", "table", "value", "fact", "count", "spec", "note"});
    if (node["each"]) {
      rule.each = ExpressionOf(node["each"], focus);
      focus = Focus::kItem;
    }
    if (node["when"]) {
      rule.when = ExpressionOf(node["when"], focus);
    }
    if (node["components"]) {
      for (const char* key : {"from", "value", "fact", "count"}) {
        if (node[key]) {
          Refuse(node[key], fmt::format("'{}' does not stand beside components", key));
        }
      }
      rule.components = ComponentsOf(node["components"], focus);
    } else {
      rule.components.push_back({ValueOf(node, focus)});
    }
    return rule;
  }

  std::vector<ComponentRule> ComponentsOf(const YAML::Node& node, Focus focus) const {
    std::vector<ComponentRule> components;
    if (!node.IsSequence()) {
      components.push_back({ValueOf(node, focus)});
      return components;
    }
    components.reserve(node.size());
    for (const auto& entry : node) {
      ComponentRule parts;
      if (entry.IsSequence()) {
        parts.reserve(entry.size());
        for (const auto& part : entry) {
          parts.push_back(ValueOf(part, focus));
        }
      } else {
        parts.push_back(ValueOf(entry, focus));
      }
      components.push_back(std::move(parts));
    }
    return components;
  }

  ValueRule ValueOf(const YAML::Node& node, Focus focus) const {
    ValueRule rule;
    rule.place = fmt::format("{}:{}", file_name_, node.Mark().line + 1);
    if (node.IsScalar()) {
      if (!node.as<std::string>().empty()) {
        rule.from = ExpressionOf(node, focus);
      }
      return rule;
    }
    if (!node.IsMap()) {
      Refuse(node, "a value is an expression or a map");
    }
    int fillings = 0;
    for (const char* key : {"from", "value", "fact", "count"}) {
      fillings += node[key] ? 1 : 0;
    }
    if (fillings != 1) {
      Refuse(node, "a value has one of: from, value, fact, count");
    }
    if (node["from"]) {
      rule.from = ExpressionOf(node["from"], focus);
    } else if (node["value"]) {
      rule.literal = TextOf(node["value"], "value");
    } else if (node["fact"]) {
      rule.fact = TextOf(node["fact"], "fact");
    } else {
      rule.counts = FlagOf(node["count"], "count");
    }
    if (node["as"]) {
      rule.form = ChoiceOf(node["as"], "as", {"text", "timestamp"}) == 1 ? ValueForm::kTimestamp : ValueForm::kText;
    }
    if (node["table"]) {
      const auto name = TextOf(node["table"], "table");
      const auto found = std::find_if(map_.tables_.begin(), map_.tables_.end(),
                                      [&](const OutboundTable& table) { return table.name == name; });
      if (found == map_.tables_.end()) {
        Refuse(node["table"], fmt::format("no table is called '{}'", name));
      }
      rule.table = static_cast<std::int32_t>(found - map_.tables_.begin());
    }
    return rule;
  }

  static constexpr int kFieldsMax = 200;

  OutboundMap map_;
  std::string file_name_;
  const IncludeReader& includes_;
  fhir::metadata::TypeId type_ = fhir::metadata::kNoType;
  int depth_ = 0;
  std::map<std::string, std::pair<std::string, YAML::Node>, std::less<>> parts_;  ///< file and rule
};

fhir::Result<OutboundMap> OutboundMap::Load(std::string_view yaml, std::string file_name,
                                            const IncludeReader& includes) {
  try {
    return OutboundLoader(file_name, includes).Read(YAML::Load(std::string(yaml)));
  } catch (const Wrong& wrong) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration,
                      fmt::format("{}:{}: {}", wrong.file.empty() ? file_name : wrong.file, wrong.line, wrong.text));
  } catch (const YAML::Exception& error) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration,
                      fmt::format("{}:{}: {}", file_name, error.mark.line + 1, error.msg));
  }
}

}  // namespace adapters::mapping::outbound
