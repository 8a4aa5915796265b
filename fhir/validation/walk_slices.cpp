// Slices: which elements fall into which, how many, in which order, and whether others may stand beside them.
// Source: https://hl7.org/fhir/R4/profiling.html#slicing
#include <algorithm>

#include <fmt/format.h>

#include "fhir/validation/coded_values.hpp"
#include "fhir/validation/value_match.hpp"
#include "fhir/validation/walk.hpp"

namespace fhir::validation {

using model::Node;

namespace {

constexpr std::size_t kDiscriminatorDepthMax = 16;

const Slicing& SlicingByType() {
  static const Slicing slicing{{{DiscriminatorKind::kType, "$this", {}}}, SlicingRules::kOpen, false};
  return slicing;
}
const Slicing& SlicingByUrl() {
  static const Slicing slicing{
      {{DiscriminatorKind::kValue, "url", {{PathStep::Kind::kChild, "url"}}}}, SlicingRules::kOpen, false};
  return slicing;
}

/// The slicing as written, or what is meant when the definition leaves it out.
const Slicing& SlicingOf(const ElementRule& rule) {
  if (rule.slicing && !rule.slicing->discriminators.empty()) {
    return *rule.slicing;
  }
  if (rule.name == "extension" || rule.name == "modifierExtension") {
    return SlicingByUrl();
  }
  return rule.slicing ? *rule.slicing : SlicingByType();
}

}  // namespace

void Walk::Slices(const Node& parent, RuleRef ref, std::span<const Node* const> nodes) {
  const Slicing& slicing = SlicingOf(*ref.rule);
  const std::vector<std::uint32_t>& slices = ref.rule->slices;
  std::vector<std::vector<const Node*>> matched(slices.size());
  std::size_t last = 0;
  bool unmatched_before = false;
  for (const Node* node : nodes) {
    std::size_t found = slices.size();
    std::size_t matches = 0;
    std::string names;
    for (std::size_t i = 0; i < slices.size(); ++i) {
      if (!Spend(*node, 1)) {
        return;
      }
      const RuleRef slice = ref.At(slices[i]);
      if (slice.rule->slice_name == "@default" || !InThisSlice(*node, slice, slicing)) {
        continue;
      }
      matched[i].push_back(node);
      names += fmt::format("{}{}", matches == 0 ? "" : ", ", slice.rule->slice_name);
      found = std::min(found, i);
      ++matches;
    }
    if (matches > 1) {
      Error(*node, IssueType::kInvalid,
            fmt::format("expected to match one slice, matches {} (profile {})", names, ref.profile->url));
    }
    if (matches == 0) {
      for (std::size_t i = 0; i < slices.size(); ++i) {
        if (ref.At(slices[i]).rule->slice_name == "@default") {
          matched[i].push_back(node);
          found = i;
        }
      }
    }
    if (found == slices.size()) {
      unmatched_before = true;
      if (slicing.rules == SlicingRules::kClosed) {
        Error(*node, IssueType::kStructure,
              fmt::format("expected to match a slice, since the slicing is closed (profile {})", ref.profile->url));
      } else if (quiet_ == 0 && node->type != types_.extension) {
        Report(*node, Severity::kInformation, IssueType::kInformational,
               fmt::format("matches no slice of the profile {}", ref.profile->url));
      }
      continue;
    }
    if (slicing.rules == SlicingRules::kOpenAtEnd && unmatched_before) {
      Error(*node, IssueType::kStructure,
            fmt::format("expected before the elements that match no slice (profile {})", ref.profile->url));
    }
    if (slicing.ordered && found < last) {
      Error(*node, IssueType::kStructure,
            fmt::format("expected the slices in the order of the profile {}", ref.profile->url));
    }
    last = std::max(last, found);
  }
  for (std::size_t i = 0; i < slices.size(); ++i) {
    const RuleRef slice = ref.At(slices[i]);
    if (slice.rule->counts) {
      Cardinality(parent, slice, matched[i].size());
    }
    for (const Node* node : matched[i]) {
      ProfileElement(*node, slice);
    }
    if (!slice.rule->slices.empty()) {
      Slices(parent, slice, matched[i]);
    }
  }
}

bool Walk::InThisSlice(const Node& node, RuleRef slice, const Slicing& slicing) {
  if (slice.rule->implicit_type != metadata::kNoType) {
    return node.type == slice.rule->implicit_type;
  }
  // A discriminator that the slice says nothing of does not narrow it, but one at least must.
  bool told = false;
  for (const Discriminator& discriminator : slicing.discriminators) {
    const std::optional<bool> meets = Discriminates(node, slice, discriminator, discriminator.steps, 0);
    if (meets == false) {
      return false;
    }
    told = told || meets.has_value();
  }
  return told;
}

RuleRef Walk::ChildRule(RuleRef ref, std::string_view name) const {
  if (ref.rule->content != kNoRule) {
    ref = ref.At(ref.rule->content);
  }
  for (const std::uint32_t at : ref.rule->children) {
    if (ref.profile->rules[at].name == name) {
      return ref.At(at);
    }
  }
  // Not spoken of here: the profiles of the element's type go on.
  for (const TypeRule& type : ref.rule->types) {
    for (const std::string& canonical : type.profiles) {
      const Profile* profile = profiles_.Find(canonical);
      if (profile != nullptr && !profile->is_base && profile != ref.profile) {
        if (const RuleRef found = ChildRule({profile, &profile->root()}, name)) {
          return found;
        }
      }
    }
  }
  return {};
}

RuleRef Walk::ExtensionRule(RuleRef ref, std::string_view url) const {
  const RuleRef extensions = ChildRule(ref, "extension");
  if (!extensions) {
    return {};
  }
  for (const std::uint32_t at : extensions.rule->slices) {
    const RuleRef slice = extensions.At(at);
    for (const TypeRule& type : slice.rule->types) {
      for (const std::string& canonical : type.profiles) {
        if (packages::SplitCanonical(canonical).url == url) {
          return slice;
        }
      }
    }
    const RuleRef slice_url = ChildRule(slice, "url");
    if (slice_url && slice_url.rule->fixed != nullptr && slice_url.rule->fixed->value == url) {
      return slice;
    }
  }
  return {};
}

/// Follows the discriminator's path through the element and the slice's rows at once. Nothing when the rows do not say
/// what the path leads to.
std::optional<bool> Walk::Discriminates(const Node& node, RuleRef ref, const Discriminator& discriminator,
                                        std::span<const PathStep> steps, std::size_t depth) {
  if (depth > kDiscriminatorDepthMax || !Spend(node)) {
    return false;
  }
  const bool by_value =
      discriminator.kind == DiscriminatorKind::kValue || discriminator.kind == DiscriminatorKind::kPattern;
  if (steps.empty() || (by_value && (ref.rule->fixed != nullptr || ref.rule->pattern != nullptr))) {
    return MeetsRule(node, ref, discriminator, depth);
  }
  const PathStep& step = steps.front();
  const std::span<const PathStep> rest = steps.subspan(1);
  if (step.kind == PathStep::Kind::kOfType) {
    if (definitions_.TypeName(node.type) != step.text) {
      return false;
    }
    return Discriminates(node, ref, discriminator, rest, depth + 1);
  }
  if (step.kind == PathStep::Kind::kResolve) {
    const Target target = resolver_.Resolve(node, node.HasValue() ? node.value : node.ChildValue("reference"));
    if (target.resource == nullptr) {
      return false;
    }
    for (const TypeRule& type : ref.rule->types) {
      for (const std::string& canonical : type.target_profiles) {
        const Profile* profile = profiles_.Find(canonical);
        if (profile == nullptr) {
          continue;
        }
        if (rest.empty() && discriminator.kind == DiscriminatorKind::kProfile) {
          if (Conforms(*target.resource, canonical) == true) {
            return true;
          }
        } else if (rest.empty() && discriminator.kind == DiscriminatorKind::kType) {
          if (definitions_.IsA(target.resource->type, profile->type)) {
            return true;
          }
        } else if (Discriminates(*target.resource, {profile, &profile->root()}, discriminator, rest, depth + 1) ==
                   true) {
          return true;
        }
      }
    }
    return false;
  }
  const bool extension = step.kind == PathStep::Kind::kExtension;
  const RuleRef child_rule = extension ? ExtensionRule(ref, step.text) : ChildRule(ref, step.text);
  if (!child_rule) {
    // The rows say nothing of what the path leads to. An extension with a definition is known by its url.
    if (step.text == "url" && node.type == types_.extension) {
      for (const TypeRule& type : ref.rule->types) {
        for (const std::string& canonical : type.profiles) {
          if (packages::SplitCanonical(canonical).url == node.ChildValue("url")) {
            return true;
          }
        }
      }
      return false;
    }
    return std::nullopt;
  }
  bool any = false;
  bool told = false;
  for (const Node& child : node.children()) {
    const bool here = extension ? child.name == "extension" && child.ChildValue("url") == step.text
                                : child.row != nullptr && definitions_.Text(child.row->base_name) == step.text;
    if (!here) {
      continue;
    }
    any = true;
    std::optional<bool> meets = Discriminates(child, child_rule, discriminator, rest, depth + 1);
    // What the path leads through may be sliced itself: then a slice that must be there says it.
    for (std::size_t i = 0; i < child_rule.rule->slices.size() && meets != true; ++i) {
      const RuleRef slice = child_rule.At(child_rule.rule->slices[i]);
      if (slice.rule->min > 0) {
        const std::optional<bool> in_slice = Discriminates(child, slice, discriminator, rest, depth + 1);
        meets = in_slice.has_value() ? in_slice : meets;
      }
    }
    if (meets == true) {
      return true;
    }
    told = told || meets.has_value();
  }
  if (any) {
    return told ? std::optional<bool>(false) : std::nullopt;
  }
  if (discriminator.kind == DiscriminatorKind::kExists) {
    return child_rule.rule->max == 0;
  }
  if (child_rule.rule->max == 0 && rest.empty()) {
    return true;
  }
  return child_rule.rule->active ? std::optional<bool>(false) : std::nullopt;
}

/// Whether the element at the end of the path is what the slice's row there asks for.
std::optional<bool> Walk::MeetsRule(const Node& node, RuleRef ref, const Discriminator& discriminator,
                                    std::size_t depth) {
  const ElementRule& rule = *ref.rule;
  switch (discriminator.kind) {
    case DiscriminatorKind::kExists:
      return rule.max > 0;
    case DiscriminatorKind::kType:
      if (rule.types.empty()) {
        return std::nullopt;
      }
      return std::any_of(rule.types.begin(), rule.types.end(), [&](const TypeRule& type) {
        return type.type != metadata::kNoType && definitions_.IsA(node.type, type.type);
      });
    case DiscriminatorKind::kProfile: {
      bool told = false;
      for (const TypeRule& type : rule.types) {
        for (const std::string& canonical : type.profiles) {
          told = true;
          if (Conforms(node, canonical) == true) {
            return true;
          }
        }
      }
      return told ? std::optional<bool>(false) : std::nullopt;
    }
    case DiscriminatorKind::kValue:
    case DiscriminatorKind::kPattern:
      break;
  }
  if (rule.fixed != nullptr) {
    return EqualsFixed(node, *rule.fixed);
  }
  if (rule.pattern != nullptr) {
    return MatchesPattern(node, *rule.pattern);
  }
  bool decided = false;
  bool unknown = false;
  if (rule.binding && rule.binding->strength == BindingStrength::kRequired) {
    const std::optional<bool> member = IsMember(terminology_, node, rule.binding->value_set);
    if (member == false) {
      return false;
    }
    decided = member.has_value();
    unknown = !member.has_value();  // a value set that is not loaded keeps nothing in the slice, and nothing out
  }
  // The values may stand further down, on the element itself or in the profile of its type.
  const auto met_below = [&](RuleRef from) {
    for (const std::uint32_t at : from.rule->children) {
      const RuleRef below = from.At(at);
      if (below.rule->fixed == nullptr && below.rule->pattern == nullptr && below.rule->slices.empty()) {
        continue;
      }
      const std::vector<std::uint32_t>& slices = below.rule->slices;
      const auto demanded = [&](const ElementRule& each) {
        return (each.fixed != nullptr || each.pattern != nullptr) && each.min > 0;
      };
      std::vector<const ElementRule*> wanted;
      if (below.rule->fixed != nullptr || below.rule->pattern != nullptr) {
        wanted.push_back(below.rule);
      }
      for (const std::uint32_t slice : slices) {
        if (demanded(from.profile->rules[slice])) {
          wanted.push_back(&from.profile->rules[slice]);
        }
      }
      for (const ElementRule* each : wanted) {
        decided = true;
        bool found = false;
        for (const Node& child : node.children()) {
          found = found ||
                  (child.row != nullptr && definitions_.Text(child.row->base_name) == each->name &&
                   (each->fixed != nullptr ? EqualsFixed(child, *each->fixed) : MatchesPattern(child, *each->pattern)));
        }
        if (!found) {
          return false;
        }
      }
    }
    return true;
  };
  if (!met_below(ref)) {
    return false;
  }
  if (!decided && depth < kDiscriminatorDepthMax) {
    for (const TypeRule& type : rule.types) {
      for (const std::string& canonical : type.profiles) {
        const Profile* profile = profiles_.Find(canonical);
        if (profile != nullptr && !profile->is_base && !met_below({profile, &profile->root()})) {
          return false;
        }
      }
    }
  }
  return decided || (rule.min > 0 && !unknown) ? std::optional<bool>(true) : std::nullopt;
}

}  // namespace fhir::validation
