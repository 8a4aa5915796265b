// The walk by the type's own definition: sees every element of the resource once.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "fhir/base/xhtml.hpp"
#include "fhir/validation/expression.hpp"
#include "fhir/validation/implied_profiles.hpp"
#include "fhir/validation/narrative_links.hpp"
#include "fhir/validation/primitives.hpp"
#include "fhir/validation/walk.hpp"

namespace fhir::validation {

using metadata::ElementRow;
using metadata::TypeKind;
using model::Node;
using model::ValueKind;

namespace {

/// Something besides an id (constraint ele-1).
bool HasContentBesidesId(const Node& node) {
  for (const Node& child : node.children()) {
    if (child.name != "id") {
      return true;
    }
  }
  return false;
}

/// How often each element of one parent has occurred, by ElementRow::group. No allocation for types of R4.
class GroupCounts {
 public:
  explicit GroupCounts(std::size_t groups) : size_(groups) {
    if (size_ > few_.size()) {
      many_.resize(size_);
    }
    std::fill_n(few_.begin(), std::min(size_, few_.size()), 0);
  }
  std::uint32_t& operator[](std::size_t group) { return many_.empty() ? few_[group] : many_[group]; }
  std::span<const std::uint32_t> all() const {
    return many_.empty() ? std::span<const std::uint32_t>(few_.data(), size_) : std::span<const std::uint32_t>(many_);
  }

 private:
  std::size_t size_;
  std::array<std::uint32_t, 128> few_;
  std::vector<std::uint32_t> many_;
};

}  // namespace

WalkTypes::WalkTypes() {
  const metadata::Definitions& definitions = metadata::Definitions::R4();
  reference = definitions.FindType("Reference");
  extension = definitions.FindType("Extension");
  resource = definitions.FindType("Resource");
  domain_resource = definitions.FindType("DomainResource");
  bundle = definitions.FindType("Bundle");
  coding = definitions.FindType("Coding");
  codeable_concept = definitions.FindType("CodeableConcept");
  quantity = definitions.FindType("Quantity");
  canonical = definitions.FindType("canonical");
  xhtml = definitions.FindType("xhtml");
  for (const std::string_view name : {"uri", "url", "canonical"}) {
    const metadata::TypeId type = definitions.FindType(name);
    uri_kinds.resize(std::max<std::size_t>(uri_kinds.size(), type + std::size_t{1}));
    uri_kinds[type] = name == "canonical" ? UriKind::kCanonical : UriKind::kUri;
  }
  for (const FamilyRow& row : Families()) {
    const metadata::TypeId type = definitions.FindType(row.type);
    if (type != metadata::kNoType) {
      families.resize(std::max<std::size_t>(families.size(), type + std::size_t{1}));
      families[type].push_back(row.check);
    }
  }
}

void Walk::Run(const Node& resource) {
  Resource(resource, 1);
  if (!definitions_.IsResource(resource.type)) {
    return;
  }
  for (const std::string& canonical : options_.profiles) {
    if (const Profile* profile = profiles_.Find(canonical)) {
      ByClaimedProfile(resource, *profile);
    } else {
      Error(resource, IssueType::kNotFound, profiles_.WhyMissing(canonical).text);
    }
  }
}

void Walk::Resource(const Node& node, std::size_t depth) {
  const Profile* base = definitions_.IsResource(node.type) ? profiles_.Base(node.type) : nullptr;
  if (base == nullptr) {
    Error(node, IssueType::kStructure, "expected a resource with a known resourceType");
    return;
  }
  BaseChildren(node, {base, &base->root()}, depth);
  ResourceRules(node, *base);
  if (options_.invariants == Checking::kOn) {
    Invariants(node, base->root().constraints);
  }
  if (options_.families == Checking::kOn && node.type < types_.families.size()) {
    for (const FamilyCheck check : types_.families[node.type]) {
      check(node, family_context_, issues_);
    }
  }
  if (options_.declared_profiles == Checking::kOn) {
    DeclaredProfiles(node);
    if (options_.implied_profiles == Checking::kOn) {
      ImpliedProfiles(node);
    }
  }
}

void Walk::DeclaredProfiles(const Node& node) {
  const Node* meta = node.Child("meta");
  if (meta == nullptr) {
    return;
  }
  for (const Node& declared : meta->children()) {
    if (declared.name != "profile" || !declared.HasValue()) {
      continue;
    }
    if (const Profile* profile = profiles_.Find(declared.value)) {
      ByClaimedProfile(node, *profile);
    } else if (ProfileStore::Missing why = profiles_.WhyMissing(declared.value); why.faulty) {
      Error(declared, IssueType::kStructure, std::move(why.text));
    } else {
      Report(declared, options_.unknown_profile, IssueType::kStructure,
             "not checked: expected a profile that is loaded");
    }
  }
}

void Walk::ByClaimedProfile(const Node& node, const Profile& profile) {
  ByProfile(node, profile);
  for (const std::string& canonical : profile.imposed) {
    if (const Profile* imposed = profiles_.Find(canonical)) {
      ByProfile(node, *imposed);
    } else {
      Report(
          node, options_.unknown_profile, IssueType::kBusinessRule,
          fmt::format("not checked: expected the profile {} to be loaded, which {} imposes", canonical, profile.url));
    }
  }
}

void Walk::ImpliedProfiles(const Node& node) {
  for (const std::string_view canonical : ImpliedProfilesOf(node)) {
    if (const Profile* profile = profiles_.Find(canonical)) {
      ByProfile(node, *profile);
    }
  }
}

void Walk::BaseChildren(const Node& parent, RuleRef ref, std::size_t depth) {
  if (depth > options_.limits.depth_max) {
    Error(parent, IssueType::kTooCostly, fmt::format("expected at most {} nested elements", options_.limits.depth_max));
    return;
  }
  if (ref.rule->content != kNoRule) {
    ref = ref.At(ref.rule->content);
  }
  if (ref.rule->children.empty()) {
    // An element of a data type: its children are those of the type's definition.
    const Profile* type = parent.type == metadata::kNoType ? nullptr : profiles_.Base(parent.type);
    if (type == nullptr) {
      return;
    }
    ref = {type, &type->root()};
  }
  const std::vector<std::uint32_t>& by_group = ref.rule->by_group;
  GroupCounts counts(by_group.size());
  const Node* previous = nullptr;
  for (const Node& child : parent.children()) {
    if (child.row == nullptr || child.row->group >= by_group.size() || by_group[child.row->group] == kNoRule) {
      if (!ReportedBefore(child)) {
        Error(child, IssueType::kStructure,
              fmt::format("{} has no element of this name", definitions_.TypeName(parent.type)));
      }
      continue;
    }
    const std::uint16_t group = child.row->group;
    if (counts[group]++ > 0) {
      BaseRepetition(child, previous);
    }
    previous = &child;
    if (child.name == "id" && child.HasValue() && !definitions_.IsResource(parent.type)) {
      ElementId(parent, child.value);
    }
    BaseElement(child, ref.At(by_group[group]), depth + 1);
  }
  BaseMinimum(parent, ref, counts.all());
}

/// The element, or another type of the same choice, has occurred before.
void Walk::BaseRepetition(const Node& child, const Node* previous) {
  if (child.row->flags & metadata::kElementChoice) {
    Error(child, IssueType::kStructure,
          fmt::format("expected one value of {}[x] at most", definitions_.Text(child.row->base_name)));
  } else if (!child.row->repeats) {
    Error(child, IssueType::kStructure, "expected this element once at most");
  } else if (previous->row != child.row) {
    Error(child, IssueType::kStructure, "expected the repetitions of this element side by side");
  }
}

void Walk::BaseMinimum(const Node& parent, RuleRef ref, std::span<const std::uint32_t> counts) {
  for (const Requirement& required : ref.rule->required) {
    if (counts[required.group] < required.min) {
      const ElementRule& rule = ref.profile->rules[required.rule];
      const bool choice = rule.types.size() > 1;
      Error(parent, IssueType::kRequired,
            required.min == 1 ? fmt::format("expected the element {}{}", rule.name, choice ? "[x]" : "")
                              : fmt::format("expected {} at least {} times", rule.name, required.min));
    }
  }
}

void Walk::BaseElement(const Node& node, RuleRef ref, std::size_t depth) {
  const ElementRule& rule = *ref.rule;
  if (node.row->type == types_.resource) {
    InnerResource(node, depth);
    return;
  }
  if (!node.HasValue() && !HasContentBesidesId(node)) {
    if (!ReportedBefore(node)) {
      Error(node, IssueType::kInvariant, "ele-1: expected a value or children");
    }
    return;
  }
  const bool primitive = definitions_.Kind(node.type) == TypeKind::kPrimitive;
  if (node.HasValue()) {
    if (!primitive) {
      Error(node, IssueType::kStructure,
            fmt::format("expected an object of type {}", definitions_.TypeName(node.type)));
      return;
    }
    BaseValue(node);
  }
  if (node.first_child != nullptr) {
    BaseChildren(node, ref, depth);
  }
  if (rule.binding && options_.bindings == Checking::kOn) {
    if (primitive && !node.HasValue() && rule.binding->strength == BindingStrength::kRequired) {
      Error(node, IssueType::kCodeInvalid, fmt::format("expected a code of {}", rule.binding->value_set));
    } else {
      BaseBinding(node, rule);
    }
  }
  if (options_.invariants == Checking::kOn && !rule.constraints.empty()) {
    Invariants(node, rule.constraints);
  }
  if (primitive) {
    return;
  }
  if (const Profile* type = profiles_.Base(node.type)) {
    TypeRules(node, *type, rule);
  }
  if (rule.profiled) {
    for (const TypeRule& type : rule.types) {
      if (type.type == node.type && !type.profiles.empty()) {
        TypeProfiles(node, type.profiles);
      }
    }
  }
  if (node.type == types_.reference) {
    if (options_.references == Checking::kOn) {
      BaseReference(node);
    }
  } else if (node.type == types_.extension) {
    if (options_.extensions == Checking::kOn) {
      Extension(node);
    }
  } else if (node.type == types_.coding && options_.bindings == Checking::kOn) {
    Coding(node);
  }
  if (node.type < types_.families.size() && !types_.families[node.type].empty() && options_.families == Checking::kOn) {
    for (const FamilyCheck check : types_.families[node.type]) {
      check(node, family_context_, issues_);
    }
  }
}

/// What a data type says of itself: Age and the other kinds of Quantity have constraints and a binding of their own.
void Walk::TypeRules(const Node& node, const Profile& type, const ElementRule& element) {
  const ElementRule& root = type.root();
  if (options_.invariants == Checking::kOn && !root.constraints.empty()) {
    Invariants(node, root.constraints);
  }
  if (root.binding && options_.bindings == Checking::kOn && root.binding != element.binding) {
    CheckBinding(node, *root.binding);
  }
}

void Walk::BaseValue(const Node& node) {
  constexpr std::pair<ValueKind, std::string_view> kByShape[] = {{ValueKind::kString, "expected a JSON string"},
                                                                 {ValueKind::kNumber, "expected a JSON number"},
                                                                 {ValueKind::kBoolean, "expected true or false"}};
  const auto& [kind, expected] = kByShape[static_cast<std::size_t>(definitions_.Shape(node.type))];
  if (node.kind != kind) {
    if (!ReportedBefore(node)) {
      Error(node, IssueType::kValue, std::string(expected));
    }
    return;
  }
  if (const std::string_view problem = PrimitiveProblem(node.type, node.value, options_.limits); !problem.empty()) {
    const XhtmlFault fault = node.type == types_.xhtml ? FirstXhtmlFault(node.value) : XhtmlFault{};
    Error(node, IssueType::kValue, fault.expected.empty() ? std::string(problem) : Describe(fault));
  } else if (node.type < types_.uri_kinds.size() && types_.uri_kinds[node.type]) {
    Uri(node, *types_.uri_kinds[node.type]);
  } else if (const std::string_view advice = PrimitiveAdvice(node.type, node.value); !advice.empty()) {
    Report(node, Severity::kWarning, IssueType::kInvalid, std::string(advice));
  } else if (node.type == types_.xhtml) {
    if (const XhtmlFault fault = FirstNarrativeFault(node, narrative_places_); !fault.expected.empty()) {
      Error(node, IssueType::kInvalid, Describe(fault));
    }
  }
}

void Walk::Uri(const Node& node, UriKind kind) {
  if (const std::string_view problem = UriProblem(node.value, kind); !problem.empty()) {
    Error(node, IssueType::kInvalid, std::string(problem));
  } else if (kind == UriKind::kCanonical && options_.references == Checking::kOn) {
    CanonicalTarget(node);
  }
}

/// A contained resource has an id and contains none itself (constraint dom-2); resources elsewhere are free.
void Walk::InnerResource(const Node& node, std::size_t depth) {
  Resource(node, depth);
  if (node.name != "contained") {
    return;
  }
  if (node.Child("id") == nullptr) {
    Error(node, IssueType::kRequired, "expected an id in a contained resource");
  }
  if (const Node* inner = node.Child("contained"); inner != nullptr) {
    Error(*inner, IssueType::kStructure, "expected no contained resources in a contained resource");
  }
}

}  // namespace fhir::validation
