// The walk by a profile: over what the profile says beyond its type's definition.
#include <algorithm>

#include <fmt/format.h>

#include "fhir/validation/walk.hpp"

namespace fhir::validation {

using metadata::TypeId;
using model::Node;

namespace {

/// Profiles within profiles, and references followed, before a chain is taken for endless.
constexpr std::size_t kNestingMax = 24;

bool IsTypeOf(TypeId type, const TypeRule& rule) {
  const metadata::Definitions& definitions = metadata::Definitions::R4();
  return rule.type == metadata::kNoType || type == rule.type ||
         (definitions.Kind(type) != metadata::TypeKind::kPrimitive && definitions.IsA(type, rule.type));
}

}  // namespace

void Walk::ByProfile(const Node& node, const Profile& profile) {
  if (node.type != profile.type && !definitions_.IsA(node.type, profile.type)) {
    Error(node, IssueType::kStructure, fmt::format("expected a {} (profile {})", profile.type_name, profile.url));
    return;
  }
  if (profile.is_base) {
    return;  // the walk by type has seen it
  }
  if (nesting_ >= kNestingMax || !active_.emplace(&node, &profile).second) {
    return;
  }
  ++nesting_;
  ProfileElement(node, {&profile, &profile.root()});
  --nesting_;
  active_.erase({&node, &profile});
}

void Walk::ProfileElement(const Node& node, RuleRef ref) {
  const ElementRule& rule = *ref.rule;
  if (!rule.active || Settled() || !Spend(node)) {
    return;
  }
  if (!rule.types.empty() && ref.rule != &ref.profile->root()) {
    Types(node, ref);
  }
  Values(node, rule);
  if (options_.invariants == Checking::kOn && !rule.constraints.empty()) {
    Invariants(node, rule.constraints);
  }
  ProfileChildren(node, ref);
}

void Walk::Types(const Node& node, RuleRef ref) {
  if (node.type == metadata::kNoType) {
    return;
  }
  bool right_type = false;
  std::vector<std::string> profiles;
  bool free = false;  // one of the types asks for no profile
  for (const TypeRule& type : ref.rule->types) {
    if (!IsTypeOf(node.type, type)) {
      continue;
    }
    right_type = true;
    free = free || type.profiles.empty();
    profiles.insert(profiles.end(), type.profiles.begin(), type.profiles.end());
    if (node.type == types_.reference && options_.references == Checking::kOn) {
      ProfileReference(node, type);
    }
  }
  if (!right_type) {
    std::vector<std::string_view> codes;
    codes.reserve(ref.rule->types.size());
    for (const TypeRule& type : ref.rule->types) {
      codes.push_back(type.code);
    }
    // An extension is wrong as a whole, since its value is what it is for.
    const Node& place = ref.profile->is_extension && node.parent != nullptr ? *node.parent : node;
    Error(place, IssueType::kStructure,
          fmt::format("expected type {} (profile {})", fmt::join(codes, " or "), ref.profile->url));
    return;
  }
  if (!free && !profiles.empty()) {
    TypeProfiles(node, profiles);
  }
}

void Walk::TypeProfiles(const Node& node, std::span<const std::string> profiles) {
  if (profiles.size() == 1) {
    const Profile* profile = profiles_.Find(profiles.front());
    if (profile == nullptr) {
      if (quiet_ == 0) {
        const ProfileStore::Missing why = profiles_.WhyMissing(profiles.front());
        Report(node, node.type == types_.extension && !why.faulty ? Severity::kWarning : Severity::kError,
               IssueType::kStructure, fmt::format("not checked: {}", why.text));
      }
      return;
    }
    // An extension's own definition is applied by the walk by type, once.
    if (quiet_ == 0 && profile->is_extension && node.ChildValue("url") == profile->url) {
      return;
    }
    ByProfile(node, *profile);
    return;
  }
  bool known = true;
  for (const std::string& canonical : profiles) {
    const std::optional<bool> conforms = Conforms(node, canonical);
    if (conforms == true) {
      return;
    }
    known = known && conforms.has_value();
  }
  if (known) {
    Error(node, IssueType::kStructure, fmt::format("expected to conform to one of {}", fmt::join(profiles, ", ")));
    for (const std::string& canonical : profiles) {
      if (const Profile* profile = quiet_ == 0 ? profiles_.Find(canonical) : nullptr) {
        ByProfile(node, *profile);  // says why, for each of them
      }
    }
  }
}

void Walk::ProfileChildren(const Node& parent, RuleRef ref) {
  if (ref.rule->content != kNoRule) {
    ref = ref.At(ref.rule->content);
  }
  std::vector<const Node*> nodes;
  for (const std::uint32_t at : ref.rule->children) {
    const RuleRef child_rule = ref.At(at);
    if (!child_rule.rule->active) {
      continue;
    }
    if (Settled()) {
      return;
    }
    nodes.clear();
    if (parent.HasValue() && child_rule.rule->name == "value") {
      nodes.push_back(&parent);  // the value of a primitive is an element in definitions and none in the tree
    }
    for (const Node& child : parent.children()) {
      if (child.row != nullptr && definitions_.Text(child.row->base_name) == child_rule.rule->name) {
        nodes.push_back(&child);
      }
    }
    if (!Spend(parent, 1 + nodes.size())) {
      return;
    }
    if (child_rule.rule->counts) {
      Cardinality(parent, child_rule, nodes.size());
    }
    if (!child_rule.rule->slices.empty() ||
        (child_rule.rule->slicing && !child_rule.rule->slicing->discriminators.empty())) {
      Slices(parent, child_rule, nodes);
    }
    for (const Node* node : nodes) {
      ProfileElement(*node, child_rule);
    }
  }
}

void Walk::Cardinality(const Node& parent, RuleRef ref, std::size_t count) {
  const ElementRule& rule = *ref.rule;
  const bool slice = !rule.slice_name.empty();
  if (count < rule.min) {
    Error(parent, slice ? IssueType::kStructure : IssueType::kRequired,
          fmt::format("expected {}{}{} at least {} (profile {})", rule.name, slice ? ":" : "", rule.slice_name,
                      rule.min == 1 ? "once" : fmt::format("{} times", rule.min), ref.profile->url));
  } else if (count > rule.max) {
    Error(parent, IssueType::kStructure,
          fmt::format("expected {}{}{} {} (profile {})", rule.name, slice ? ":" : "", rule.slice_name,
                      rule.max == 0   ? "not to be there"
                      : rule.max == 1 ? "once at most"
                                      : fmt::format("{} times at most", rule.max),
                      ref.profile->url));
  }
}

}  // namespace fhir::validation
