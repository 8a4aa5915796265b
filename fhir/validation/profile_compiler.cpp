#include "fhir/validation/profile_compiler.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <utility>

#include <fmt/format.h>

#include "fhir/validation/element_definition.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using metadata::ElementRow;
using metadata::TypeId;
using model::Node;

/// Source: https://hl7.org/fhir/extensions/StructureDefinition-structuredefinition-imposeProfile.html
constexpr std::string_view kImposeProfile = "http://hl7.org/fhir/StructureDefinition/structuredefinition-imposeProfile";

std::string_view LastStep(std::string_view path) {
  return path.substr(path.rfind('.') + 1);
}
std::string_view Before(std::string_view text, char separator) {
  const std::size_t at = text.rfind(separator);
  return at == std::string_view::npos ? std::string_view{} : text.substr(0, at);
}
std::string_view BaseName(std::string_view name) {
  return name.ends_with("[x]") ? name.substr(0, name.size() - 3) : name;
}

/// A row of `owner` by the element's name; of a choice the first of its types.
const ElementRow* RowOf(TypeId owner, std::string_view base_name) {
  const Definitions& definitions = Definitions::R4();
  if (const ElementRow* row = definitions.FindChild(owner, base_name); row != nullptr) {
    return row;
  }
  for (const ElementRow& row : definitions.Children(owner)) {
    if (definitions.Text(row.base_name) == base_name) {
      return &row;
    }
  }
  return nullptr;
}

class Compiler {
 public:
  Compiler(const Node& definition, const CompileContext& context)
      : definition_(definition), context_(context), definitions_(Definitions::R4()) {}

  Result<std::unique_ptr<Profile>> Run() {
    const Node* snapshot = definition_.Child("snapshot");
    profile_ = std::make_unique<Profile>();
    FillHeader();
    if (snapshot == nullptr) {
      return Fail(ErrorCode::kInvalid, "it has no snapshot");
    }
    if (profile_->type == metadata::kNoType) {
      return Fail(ErrorCode::kInvalid, fmt::format("R4 has no type {}", profile_->type_name));
    }
    profile_->values = std::make_unique<model::Document>(definition_.type, 512);
    reader_.emplace(*profile_->values, context_);
    for (const Node& element : snapshot->children()) {
      if (element.name != "element") {
        continue;
      }
      if (profile_->rules.size() > kElementsMax) {
        return Fail(ErrorCode::kTooCostly, fmt::format("a profile may have {} elements", kElementsMax));
      }
      GW_TRY(AddElement(element));
    }
    if (profile_->rules.empty()) {
      return Fail(ErrorCode::kInvalid, "its snapshot has no elements");
    }
    for (const auto& [rule, target] : content_references_) {
      if (const auto found = first_at_.find(target); found != first_at_.end()) {
        profile_->rules[rule].content = found->second;
      }
    }
    for (std::size_t i = profile_->rules.size(); i-- > 0;) {
      Finish(profile_->rules[i]);
      GW_TRY(CompilePattern(profile_->rules[i]));
    }
    return std::move(profile_);
  }

 private:
  void FillHeader() {
    profile_->url = definition_.ChildValue("url");
    profile_->version = definition_.ChildValue("version");
    profile_->type_name = definition_.ChildValue("type");
    profile_->type = definitions_.FindType(profile_->type_name);
    profile_->is_base = definition_.ChildValue("derivation") != "constraint" &&
                        profile_->url == fmt::format("http://hl7.org/fhir/StructureDefinition/{}", profile_->type_name);
    profile_->is_extension = !profile_->is_base && profile_->type_name == "Extension";
    profile_->abstract = definition_.ChildValue("abstract") == "true";
    for (const Node& child : definition_.children()) {
      if (child.name == "context") {
        profile_->contexts.push_back(
            {std::string(child.ChildValue("type")), std::string(child.ChildValue("expression"))});
      } else if (child.name == "contextInvariant") {
        profile_->context_invariants.emplace_back(child.value);
      } else if (child.name == "extension" && child.ChildValue("url") == kImposeProfile) {
        profile_->imposed.emplace_back(child.ChildValue("valueCanonical"));
      }
    }
  }

  Result<void> AddElement(const Node& element) {
    const std::string path(element.ChildValue("path"));
    const std::string_view parent_path = Before(path, '.');
    if (profile_->rules.empty() != parent_path.empty()) {
      if (profile_->rules.empty()) {
        return Fail(ErrorCode::kInvalid, fmt::format("its snapshot begins with {} instead of its type", path));
      }
      return {};  // a second root is not looked at
    }
    std::uint32_t position = 0;
    if (parent_path.empty()) {
      position = NewRule(path, profile_->type);
    } else {
      const auto parent = current_.find(parent_path);
      if (parent == current_.end()) {
        return {};  // an element without its parent governs nothing
      }
      position = Place(parent->second, LastStep(path), element.ChildValue("sliceName"));
    }
    ForgetBelow(path);
    current_[path] = position;
    first_at_.emplace(path, position);
    ElementRule& rule = profile_->rules[position];
    if (Result<void> read = reader_->Read(element, rule); !read) {
      const std::string_view id = element.ChildValue("id");
      return Fail(read.error().code, fmt::format("{}: {}", id.empty() ? path : id, read.error().public_text.text));
    }
    if (position == 0 && profile_->is_extension) {
      profile_->modifier = element.ChildValue("isModifier") == "true";
    }
    if (const std::string_view reference = element.ChildValue("contentReference"); !reference.empty()) {
      content_references_.emplace_back(position, std::string(reference.substr(reference.find('#') + 1)));
    }
    SetNodeType(rule, position);
    return {};
  }

  /// Elements below `path` that came before belong to another slice.
  void ForgetBelow(const std::string& path) {
    const std::string prefix = path + ".";
    auto at = current_.lower_bound(prefix);
    while (at != current_.end() && at->first.starts_with(prefix)) {
      at = current_.erase(at);
    }
  }

  std::uint32_t NewRule(std::string_view name, TypeId node_type) {
    ElementRule rule;
    rule.name = name;
    rule.node_type = node_type;
    profile_->rules.push_back(std::move(rule));
    owners_.push_back(metadata::kNoType);
    return static_cast<std::uint32_t>(profile_->rules.size() - 1);
  }

  /// The rule for an element below `parent`: a child, or a slice of one, which may be a slice of a slice (name a/b).
  std::uint32_t Place(std::uint32_t parent, std::string_view last_step, std::string_view slice_name) {
    const TypeId owner = profile_->rules[parent].node_type;
    std::string_view name = BaseName(last_step);
    TypeId implicit = metadata::kNoType;
    const ElementRow* typed = definitions_.FindChild(owner, last_step);
    if (typed != nullptr && (typed->flags & metadata::kElementChoice) != 0) {
      name = definitions_.Text(typed->base_name);
      implicit = typed->type;
      slice_name = slice_name.empty() ? last_step : slice_name;
    }
    std::uint32_t at = ChildOf(parent, name, owner);
    if (slice_name.empty()) {
      return at;
    }
    for (std::size_t slash = slice_name.find('/'); slash != std::string_view::npos;
         slash = slice_name.find('/', slash + 1)) {
      if (const std::uint32_t outer = SliceOf(at, slice_name.substr(0, slash)); outer != kNoRule) {
        at = outer;
      }
    }
    if (const std::uint32_t known = SliceOf(at, slice_name); known != kNoRule) {
      return known;
    }
    const std::uint32_t slice = NewRule(name, metadata::kNoType);
    owners_[slice] = owner;
    profile_->rules[slice].slice_name = slice_name;
    profile_->rules[slice].implicit_type = implicit;
    profile_->rules[at].slices.push_back(slice);
    return slice;
  }

  std::uint32_t ChildOf(std::uint32_t parent, std::string_view name, TypeId owner) {
    for (const std::uint32_t child : profile_->rules[parent].children) {
      if (profile_->rules[child].name == name) {
        return child;
      }
    }
    const std::uint32_t child = NewRule(name, metadata::kNoType);
    owners_[child] = owner;
    profile_->rules[parent].children.push_back(child);
    return child;
  }

  std::uint32_t SliceOf(std::uint32_t sliced, std::string_view slice_name) const {
    for (const std::uint32_t slice : profile_->rules[sliced].slices) {
      if (profile_->rules[slice].slice_name == slice_name) {
        return slice;
      }
    }
    return kNoRule;
  }

  /// The type whose children the element's children are.
  void SetNodeType(ElementRule& rule, std::uint32_t position) const {
    if (position == 0) {
      return;
    }
    const ElementRow* row = RowOf(owners_[position], rule.name);
    const bool one = rule.types.size() == 1 && rule.types.front().type != metadata::kNoType;
    if (rule.implicit_type != metadata::kNoType) {
      rule.node_type = rule.implicit_type;
    } else if (row == nullptr || (row->flags & metadata::kElementChoice) != 0 ||
               definitions_.Kind(row->type) == metadata::TypeKind::kAbstract) {
      rule.node_type = one ? rule.types.front().type : metadata::kNoType;
    } else {
      rule.node_type = row->type;
    }
  }

  /// The rule of the type's own definition for a child of `owner`, which may be an inner structure.
  const ElementRule* BaseRule(TypeId owner, std::string_view name) const {
    const std::string_view owner_name = definitions_.TypeName(owner);
    const std::size_t dot = owner_name.find('.');
    const TypeId root = definitions_.FindType(owner_name.substr(0, dot));
    const Profile* base = root == metadata::kNoType ? nullptr : context_.base(root);
    if (base == nullptr) {
      return nullptr;
    }
    const ElementRule* at = &base->root();
    std::string_view rest = dot == std::string_view::npos ? std::string_view{} : owner_name.substr(dot + 1);
    while (at != nullptr && !rest.empty()) {
      at = Child(*base, *at, rest.substr(0, rest.find('.')));
      rest = rest.find('.') == std::string_view::npos ? std::string_view{} : rest.substr(rest.find('.') + 1);
    }
    return at == nullptr ? nullptr : Child(*base, *at, name);
  }

  static const ElementRule* Child(const Profile& profile, const ElementRule& rule, std::string_view name) {
    for (const std::uint32_t child : rule.children) {
      if (profile.rules[child].name == name) {
        return &profile.rules[child];
      }
    }
    return nullptr;
  }

  /// Drops what the type's own definition says already, and sees whether anything is left. Children come before.
  void Finish(ElementRule& rule) {
    const auto position = static_cast<std::size_t>(&rule - profile_->rules.data());
    rule.counts = profile_->is_base || !rule.slice_name.empty();
    if (!profile_->is_base) {
      const Profile* own_type = position == 0 ? context_.base(profile_->type) : nullptr;
      const ElementRule* base =
          position == 0 ? (own_type == nullptr ? nullptr : &own_type->root()) : BaseRule(owners_[position], rule.name);
      Subtract(rule, base, position == 0);
    }
    IndexChildren(rule);
    rule.profiled =
        std::any_of(rule.types.begin(), rule.types.end(), [](const TypeRule& type) { return !type.profiles.empty(); });
    const auto is_active = [this](std::uint32_t at) { return profile_->rules[at].active; };
    rule.active = profile_->is_base || rule.counts || !rule.types.empty() || rule.fixed != nullptr ||
                  rule.pattern != nullptr || rule.min_value != nullptr || rule.max_value != nullptr ||
                  rule.max_length > 0 || rule.min_length > 0 || rule.max_decimals != kUnbounded ||
                  rule.max_bytes != kUnbounded || !rule.pattern_text.empty() || !rule.narrative_language.empty() ||
                  rule.must_have_value || !rule.value_alternatives.empty() || !rule.constraints.empty() ||
                  rule.binding.has_value() || !rule.additional_bindings.empty() || !rule.slices.empty() ||
                  (rule.slicing && rule.slicing->rules == SlicingRules::kClosed) || rule.content != kNoRule ||
                  std::any_of(rule.children.begin(), rule.children.end(), is_active);
  }

  /// Once what the type says already is gone: hardly any rule is left with a pattern.
  Result<void> CompilePattern(ElementRule& rule) const {
    if (profile_->is_base || rule.pattern_text.empty()) {
      return {};
    }
    auto expression = RegularExpression::Compile(rule.pattern_text);
    if (!expression) {
      return Fail(ErrorCode::kInvalid, fmt::format("{}: expected a regular expression as regex", rule.name));
    }
    rule.expression = *std::move(expression);
    return {};
  }

  void Subtract(ElementRule& rule, const ElementRule* base, bool root) const {
    if (base == nullptr) {
      rule.counts = !root;
      return;
    }
    if (rule.slice_name.empty() && !root) {
      rule.counts = rule.min != base->min || rule.max != base->max;
    }
    // A key stands for one rule. Profiles repeat the expressions of the standard as they were, corrected ones too.
    const auto known = [&](const Constraint* constraint) {
      const auto same = [&](const Constraint* other) {
        return other == constraint ||
               (other->key() == constraint->key() && other->severity() == constraint->severity());
      };
      if (std::any_of(base->constraints.begin(), base->constraints.end(), same)) {
        return true;
      }
      const Profile* of_type =
          rule.node_type == metadata::kNoType || definitions_.Kind(rule.node_type) == metadata::TypeKind::kBackbone
              ? nullptr
              : context_.base(rule.node_type);
      return of_type != nullptr &&
             std::any_of(of_type->root().constraints.begin(), of_type->root().constraints.end(), same);
    };
    std::erase_if(rule.constraints, known);
    if (rule.binding == base->binding) {
      rule.binding.reset();
    }
    if (rule.types == base->types) {
      rule.types.clear();
    }
    if (rule.max_length == base->max_length) {
      rule.max_length = 0;
    }
    if (rule.pattern_text == base->pattern_text) {
      rule.pattern_text.clear();
    }
  }

  void IndexChildren(ElementRule& rule) const {
    if (rule.node_type == metadata::kNoType || rule.children.empty()) {
      return;
    }
    for (const std::uint32_t child : rule.children) {
      const ElementRow* row = RowOf(rule.node_type, profile_->rules[child].name);
      if (row == nullptr || (!profile_->is_base && !profile_->rules[child].active)) {
        continue;
      }
      if (rule.by_group.size() <= row->group) {
        rule.by_group.resize(row->group + std::size_t{1}, kNoRule);
      }
      rule.by_group[row->group] = child;
      if (profile_->is_base && profile_->rules[child].min > 0) {
        rule.required.push_back({row->group, profile_->rules[child].min, child});
      }
    }
  }

  const Node& definition_;
  const CompileContext& context_;
  const Definitions& definitions_;
  std::unique_ptr<Profile> profile_;
  std::optional<ElementDefinitionReader> reader_;
  std::map<std::string, std::uint32_t, std::less<>> current_;   // path → the rule its children belong to
  std::map<std::string, std::uint32_t, std::less<>> first_at_;  // path → its first rule, for contentReference
  std::vector<TypeId> owners_;                                  // by rule: the type whose child it is
  std::vector<std::pair<std::uint32_t, std::string>> content_references_;
};

}  // namespace

Result<std::unique_ptr<Profile>> CompileProfile(const Node& definition, const CompileContext& context) {
  return Compiler(definition, context).Run();
}

}  // namespace fhir::validation
