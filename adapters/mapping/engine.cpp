// Runs compiled rules over one message. Two passes: first which resources there are and how they refer to each other,
// then what stands in them.
#include <fmt/format.h>

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "adapters/mapping/code_text.hpp"
#include "adapters/mapping/compiled_map.hpp"
#include "adapters/mapping/digest.hpp"
#include "adapters/mapping/element_path.hpp"
#include "adapters/mapping/reading.hpp"
#include "fhir/search/query_parser.hpp"

namespace adapters::mapping {

// Outside the anonymous namespace: Engine, which a header befriends, has members of this type.
/// One resource of the result while it is being made.
struct Instance {
  std::uint16_t rules = 0;
  Binding binding;
  std::string full_url;
  std::string id;
  std::string key_system;
  std::string key_value;
  std::optional<fhir::model::Document> document;
  std::vector<std::string> removals;
  std::vector<Origin> origins;
  bool dropped = false;  ///< without a key, or the same as an earlier one
};

namespace {

using fhir::metadata::Definitions;
using fhir::model::Document;
using fhir::model::Node;

/// The element as Origin::path writes it.
std::string PathBelowResource(const Node& node) {
  const bool choice = node.row != nullptr && (node.row->flags & fhir::metadata::kElementChoice) != 0;
  const std::string_view name = choice ? Definitions::R4().Text(node.row->base_name) : node.name;
  if (node.parent == nullptr || node.parent->parent == nullptr) {
    return std::string(name);
  }
  std::size_t index = 0;
  for (const Node& sibling : node.parent->children()) {
    if (&sibling == &node) {
      break;
    }
    index += sibling.name == node.name ? 1 : 0;
  }
  return fmt::format("{}.{}[{}]", PathBelowResource(*node.parent), name, index);
}

}  // namespace

class Engine {
 public:
  Engine(const CompiledMap& map, const Source& source, const Context& context, const CompiledMap::RunOptions& options,
         fhir::IssueList& issues)
      : map_(map),
        reading_(source, map.nesting_, options.list_unmapped),
        context_(context),
        options_(options),
        issues_(issues) {}

  MapResult Run(const MessageRules& message) {
    if (!CheckRequired()) {
      return {};
    }
    for (const auto index : message.resources) {
      Enumerate(index);
    }
    NoteLeftOver(message);
    for (auto& instance : instances_) {
      Build(instance);
    }
    MapResult result;
    for (auto& instance : instances_) {
      if (!instance.dropped) {
        if (options_.list_origins) {
          result.origins.push_back(std::move(instance.origins));
        }
        result.changes.push_back(ToChange(instance));
      }
    }
    if (options_.list_unmapped) {
      result.unmapped = reading_.Unmapped(map_.ignored_);
    }
    return result;
  }

 private:
  /// Every occurrence of a segment has the fields of it that the rules require, and there is one.
  bool CheckRequired() {
    const auto errors_before = issues_.errors();
    for (const Address& address : map_.required_) {
      const std::size_t occurrences = std::max<std::size_t>(1, reading_.source().Groups(address.group));
      for (std::size_t number = 0; number < occurrences; ++number) {
        const Cell cell{address.group, static_cast<std::uint16_t>(number), address.field, 0};
        if (reading_.FirstText(address, {address.group, cell.occurrence, 0, 0}).empty()) {
          issues_.AddAt(Place(cell), fhir::Severity::kError, fhir::IssueType::kRequired, "a required field is missing");
        }
      }
    }
    return issues_.errors() == errors_before;
  }

  void Enumerate(std::uint16_t index) {
    const ResourceRules& rules = map_.resources_[index];
    const auto add = [&](const Binding& binding) {
      if (!reading_.Holds(rules.when, binding)) {
        return;
      }
      Instance instance;
      instance.rules = index;
      instance.binding = binding;
      instance.full_url = fmt::format("urn:uuid:00000000-0000-4000-8000-{:012x}", instances_.size() + 1);
      instances_.push_back(std::move(instance));
    };
    if (!rules.each) {
      add({});
      return;
    }
    bool any = false;
    reading_.ForEachCell(*rules.each, {}, [&](const Cell& cell) {
      any = true;
      if (instances_.size() == kInstancesMax) {
        issues_.AddAt(Place(cell), fhir::Severity::kError, fhir::IssueType::kTooLong,
                      fmt::format("the message makes more than {} resources", kInstancesMax));
        return false;
      }
      add(Binding::On(cell));
      return true;
    });
    if (rules.required && !any) {
      const auto key = std::find_if(rules.rules.begin(), rules.rules.end(), [](const Rule& rule) { return rule.key; });
      MissingFault(key == rules.rules.end() ? *rules.each : key->from.value_or(*rules.each), {},
                   "a required segment is missing");
    }
  }

  /// Of a group that the rules want to take whole, an occurrence that no resource takes: the sender told something that
  /// is stored nowhere. Messages that make no resource of the group leave it out on purpose.
  void NoteLeftOver(const MessageRules& message) {
    for (const Address& wanted : map_.complete_) {
      const bool offered = std::any_of(message.resources.begin(), message.resources.end(), [&](std::uint16_t index) {
        const auto& each = map_.resources_[index].each;
        return each && each->group == wanted.group;
      });
      const std::size_t occurrences = offered ? reading_.source().Groups(wanted.group) : 0;
      for (std::size_t occurrence = 0; occurrence < occurrences; ++occurrence) {
        const bool taken = std::any_of(instances_.begin(), instances_.end(), [&](const Instance& instance) {
          return instance.binding.group == wanted.group && instance.binding.occurrence == occurrence;
        });
        if (!taken) {
          issues_.AddAt(Place({wanted.group, static_cast<std::uint16_t>(occurrence), wanted.field, 0}),
                        fhir::Severity::kWarning, fhir::IssueType::kCodeInvalid, "no rule takes this segment");
        }
      }
    }
  }

  void Build(Instance& instance) {
    const ResourceRules& rules = map_.resources_[instance.rules];
    if (!rules.digest.empty() && !ApplyDigest(rules, instance)) {
      return;
    }
    instance.document.emplace(rules.type);
    Document& document = *instance.document;
    if (!instance.id.empty()) {
      document.Add(document.root(), "id", instance.id);
    }
    if (rules.digest_identifier) {
      Node& identifier = document.Add(document.root(), "identifier");
      document.Add(identifier, "system", instance.key_system);
      document.Add(identifier, "value", instance.key_value);
    }
    current_ = &instance;
    const auto errors_before = issues_.errors();
    for (const auto& rule : rules.rules) {
      Apply(rule, document.root(), instance.binding);
    }
    if (rules.keyed && instance.key_value.empty()) {
      instance.dropped = true;
      if (rules.without_key == Missing::kFault && issues_.errors() == errors_before) {
        const auto key =
            std::find_if(rules.rules.begin(), rules.rules.end(), [](const Rule& rule) { return rule.key; });
        MissingFault(*key, instance.binding, "the identifier of this resource is missing");
      }
      return;
    }
    std::erase_if(instance.removals, [&](const std::string& name) { return document.root().Child(name) != nullptr; });
    DropTwin(instance);
  }

  bool ApplyDigest(const ResourceRules& rules, Instance& instance) {
    std::string text = options_.digest_salt;
    text += '\x1f';
    text += rules.digest_identifier ? rules.key_name : Definitions::R4().TypeName(rules.type);
    bool any = false;
    for (const auto& alternatives : rules.digest) {
      std::string_view part;
      for (const auto& address : alternatives) {
        if (part = reading_.FirstText(address, instance.binding); !part.empty()) {
          break;
        }
      }
      any = any || !part.empty();
      text += '\x1f';
      text += part;
    }
    if (!any) {
      instance.dropped = true;
      if (rules.without_key == Missing::kFault) {
        MissingFault(rules.digest.front().front(), instance.binding, "what this resource is known by is missing");
      }
      return false;
    }
    const std::size_t twins = rules.numbers_twins ? digests_[text]++ : 0;
    if (twins > 0) {
      text += fmt::format("\x1f#{}", twins);
    }
    if (rules.digest_identifier) {
      instance.key_system = "urn:ietf:rfc:3986";
      instance.key_value = "urn:uuid:" + DigestUuid(text);
    } else {
      instance.id = DigestUuid(text);
    }
    return true;
  }

  /// A resource with the key of an earlier one of its type is the same one: references go to the first.
  void DropTwin(Instance& instance) {
    if (instance.key_value.empty()) {
      return;
    }
    for (auto& earlier : instances_) {
      if (&earlier == &instance) {
        return;
      }
      if (!earlier.dropped && earlier.key_value == instance.key_value && earlier.key_system == instance.key_system &&
          map_.resources_[earlier.rules].type == map_.resources_[instance.rules].type) {
        if (map_.resources_[instance.rules].refuses_twins) {
          const Binding& at = instance.binding;
          issues_.AddAt(Place({at.group, at.occurrence, at.field, at.repetition}), fhir::Severity::kError,
                        fhir::IssueType::kDuplicate, "this names the same one again");
        }
        instance.dropped = true;
        instance.full_url = earlier.full_url;
        instance.id = earlier.id;
        twins_.insert(&instance);
        return;
      }
    }
  }

  bool Apply(const Rule& rule, Node& base, const Binding& binding) {
    if (!rule.from) {
      return reading_.Holds(rule.when, binding) && Fill(rule, base, binding, nullptr);
    }
    bool filled = false;
    const auto errors_before = issues_.errors();
    reading_.ForEachCell(*rule.from, binding, [&](const Cell& cell) {
      const Binding inner = Binding::On(cell);
      if (!reading_.Holds(rule.when, inner)) {
        return true;
      }
      if (reading_.source().IsNull(cell)) {
        reading_.Mark(cell);
        if (&base == &current_->document->root() && rule.to.size() == 1 && rule.to[0].extension_url.empty()) {
          current_->removals.push_back(rule.to[0].name);
        }
        return true;
      }
      if (Fill(rule, base, inner, &cell)) {
        reading_.Mark(cell);
        if (rule.takes_field) {
          MarkRest(cell);
        }
        filled = true;
      }
      return !filled || rule.repeats || rule.to.empty();
    });
    if (rule.required && !filled && issues_.errors() == errors_before) {
      MissingFault(rule, binding, "a required field is missing");
    }
    return filled;
  }

  void MarkRest(Cell cell) {
    const std::size_t repetitions = reading_.source().Repetitions(cell.group, cell.occurrence, cell.field);
    for (++cell.repetition; cell.repetition < repetitions; ++cell.repetition) {
      reading_.Mark(cell);
    }
  }

  void MissingFault(const Rule& rule, const Binding& binding, std::string text) {
    MissingFault(rule.from.value_or(Address{}), binding, std::move(text));
  }

  void MissingFault(const Address& address, const Binding& binding, std::string text) {
    Cell cell{address.group, 0, address.field, 0};
    cell.occurrence = binding.group == cell.group ? binding.occurrence : std::uint16_t{0};
    issues_.AddAt(Place(cell, address.component), fhir::Severity::kError, fhir::IssueType::kRequired, std::move(text));
  }

  bool Fill(const Rule& rule, Node& base, const Binding& binding, const Cell* cell) {
    Document& document = *current_->document;
    Node& node = Reach(rule, document, base);
    const bool was_empty = IsEmptyNode(node);
    const bool said = Say(rule, document, node, binding, cell);
    if (said || (rule.function == nullptr && rule.table < 0)) {
      for (const auto& inner : rule.rules) {
        Apply(inner, node, binding);
      }
    }
    if (!said && was_empty && rule.function != nullptr) {
      while (node.first_child != nullptr) {
        document.Remove(*node.first_child);
      }
    }
    if (IsEmptyNode(node)) {
      Prune(document, node, base);
      return false;
    }
    if (options_.list_origins && cell != nullptr && node.parent != nullptr) {
      current_->origins.push_back(
          {PathBelowResource(node), Place(*cell, rule.from->component, rule.from->subcomponent)});
    }
    if (rule.key && current_->key_value.empty()) {
      current_->key_system = std::string(node.ChildValue("system"));
      current_->key_value = std::string(node.ChildValue("value"));
    }
    return true;
  }

  bool Say(const Rule& rule, Document& document, Node& node, const Binding& binding, const Cell* cell) {
    if (!rule.text.empty()) {
      return SayText(rule, document, node, binding);
    }
    if (rule.reference >= 0) {
      return SayReference(rule, document, node, binding);
    }
    if (cell == nullptr) {
      return false;
    }
    const CodeTable* table = rule.table >= 0 ? &map_.tables_[static_cast<std::size_t>(rule.table)] : nullptr;
    if (rule.function != nullptr) {
      const Input input{reading_.source(),
                        *cell,
                        rule.from->component,
                        rule.from->subcomponent,
                        table,
                        context_,
                        FirstCell(rule.with, binding)};
      Output output{document, node, issues_, *cell};
      return rule.function(input, output);
    }
    const auto text = reading_.source().Text(*cell, rule.from->component, rule.from->subcomponent);
    if (text.empty()) {
      return false;
    }
    if (table != nullptr) {
      return SayCode(rule, *table, text, document, node, *cell);
    }
    if (Definitions::R4().Kind(rule.type) != fhir::metadata::TypeKind::kPrimitive) {
      return false;  // structure only: its own rules fill it
    }
    if (Definitions::R4().TypeName(rule.type) == "code") {
      document.SetValue(node, ToCode(text));
      return node.HasValue();
    }
    document.SetValue(node, text);
    return true;
  }

  std::optional<Cell> FirstCell(const std::vector<Address>& addresses, const Binding& binding) {
    std::optional<Cell> found;
    for (const Address& address : addresses) {
      reading_.ForEachCell(address, binding, [&](const Cell& cell) {
        if (!reading_.source().Text(cell, address.component, address.subcomponent).empty()) {
          found = cell;
          reading_.Mark(cell);
        }
        return !found;
      });
      if (found) {
        break;
      }
    }
    return found;
  }

  bool SayText(const Rule& rule, Document& document, Node& node, const Binding& binding) {
    if (rule.text.size() == 1 && !rule.text[0].address) {
      document.SetValue(node, rule.text[0].literal);
      return true;
    }
    std::string whole;
    for (const auto& part : rule.text) {
      if (!part.address) {
        whole += part.literal;
        continue;
      }
      const auto text = reading_.FirstText(*part.address, binding);
      if (text.empty()) {
        return false;
      }
      whole += text;
    }
    document.SetValue(node, whole);
    return true;
  }

  bool SayReference(const Rule& rule, Document& document, Node& node, const Binding& binding) {
    for (const auto& instance : instances_) {
      if (&instance == current_) {
        break;
      }
      if (instance.rules != rule.reference || (instance.dropped && !twins_.contains(&instance))) {
        continue;
      }
      const Binding& other = instance.binding;
      // "each: PID[1]" names one segment for all who refer to it.
      const auto& each = map_.resources_[instance.rules].each;
      const bool named = each && each->occurrence > 0;
      const bool fits = named || (reading_.Reads(binding, other) &&
                                  (binding.group != other.group || other.field == 0 || other.field != binding.field ||
                                   other.repetition == binding.repetition));
      if (!fits) {
        continue;
      }
      const std::string target =
          instance.id.empty()
              ? instance.full_url
              : fmt::format("{}/{}", Definitions::R4().TypeName(map_.resources_[instance.rules].type), instance.id);
      if (Definitions::R4().Kind(rule.type) == fhir::metadata::TypeKind::kPrimitive) {
        document.SetValue(node, target);
      } else if (Node* const known = node.Child("reference"); known != nullptr) {
        document.SetValue(*known, target);  // as of a primitive, the later rule goes before the earlier
      } else {
        document.Add(node, "reference", target);
      }
      return true;
    }
    return false;
  }

  bool SayCode(const Rule& rule, const CodeTable& table, std::string_view text, Document& document, Node& node,
               const Cell& cell) {
    const auto entry = table.Find(text);
    if (!entry) {
      if (rule.unknown_code == Missing::kFault) {
        issues_.AddAt(Place(cell, rule.from->component, rule.from->subcomponent), fhir::Severity::kError,
                      fhir::IssueType::kCodeInvalid, fmt::format("the code is not in table '{}'", table.name));
      }
      return false;
    }
    const std::string code = ToCode(entry->code);
    if (code.empty()) {
      return false;
    }
    Node* coding = &node;
    const auto type_name = Definitions::R4().TypeName(rule.type);
    if (type_name == "CodeableConcept") {
      coding = &document.Add(node, "coding");
    } else if (type_name != "Coding") {
      document.SetValue(node, code);
      return true;
    }
    if (!entry->system.empty()) {
      document.Add(*coding, "system", entry->system);
    }
    document.Add(*coding, "code", code);
    if (!entry->display.empty()) {
      document.Add(*coding, "display", entry->display);
    }
    return true;
  }

  port::Change ToChange(Instance& instance) {
    const ResourceRules& rules = map_.resources_[instance.rules];
    port::Change change;
    change.verb = rules.verb;
    change.existing_only = rules.existing_only;
    change.type = rules.type;
    change.id = instance.id;
    change.resource = std::move(instance.document);
    if (rules.keyed) {
      change.condition = fhir::search::ByIdentifier(rules.type, instance.key_system, instance.key_value);
    }
    change.full_url = instance.full_url;
    change.removals = std::move(instance.removals);
    change.joined = rules.joined;
    for (const auto& rule : rules.settled) {
      if (reading_.Holds(rule.when, instance.binding)) {
        change.settled.push_back(rule.settled);
      }
    }
    for (const auto& rule : rules.removes) {
      if (reading_.Holds(rule.when, instance.binding)) {
        change.removals.insert(change.removals.end(), rule.elements.begin(), rule.elements.end());
        change.identifier_types_gone.insert(change.identifier_types_gone.end(), rule.identifier_types.begin(),
                                            rule.identifier_types.end());
        for (port::ListKey& list : change.joined) {
          list.gone = list.gone || std::find(rule.items.begin(), rule.items.end(), list.element) != rule.items.end();
        }
      }
    }
    return change;
  }

  static constexpr std::size_t kInstancesMax = 1000;

  const CompiledMap& map_;
  Reading reading_;
  const Context& context_;
  const CompiledMap::RunOptions& options_;
  fhir::IssueList& issues_;
  std::vector<Instance> instances_;
  std::unordered_set<const Instance*> twins_;
  std::unordered_map<std::string, std::size_t> digests_;  // how many resources have had this text
  Instance* current_ = nullptr;
};

MapResult CompiledMap::Run(const Source& source, std::string_view trigger, const Context& context,
                           const RunOptions& options, fhir::IssueList& issues) const {
  const auto message = messages_.find(std::string(trigger));
  if (message == messages_.end()) {
    return {};
  }
  return Engine(*this, source, context, options, issues).Run(message->second);
}

}  // namespace adapters::mapping
