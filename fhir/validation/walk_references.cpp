// References: the type of what they lead to, by the definition and by profiles, and how they may lead there.
// Source: https://hl7.org/fhir/R4/references.html
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "fhir/fhirpath/reference_resolver.hpp"
#include "fhir/validation/walk.hpp"

namespace fhir::validation {

using metadata::TypeId;
using model::Node;

namespace {

/// The part that names the type in "Type/id" and "Type/id/_history/version"; empty for every other form.
std::string_view RelativeType(std::string_view reference) {
  const std::size_t slash = reference.find('/');
  if (slash == std::string_view::npos || reference.find(':') != std::string_view::npos || reference.find('?') < slash ||
      reference.front() == '#') {
    return {};
  }
  return reference.substr(0, slash);
}

std::string Names(std::span<const TypeId> targets) {
  std::string names;
  for (const TypeId target : targets) {
    fmt::format_to(std::back_inserter(names), "{}{}", names.empty() ? "" : ", ",
                   metadata::Definitions::R4().TypeName(target));
  }
  return names;
}

}  // namespace

void Walk::BaseReference(const Node& node) {
  const Node* reference = node.Child("reference");
  const std::string_view text = reference == nullptr ? std::string_view{} : reference->value;
  const auto targets = node.row == nullptr ? std::span<const TypeId>{} : definitions_.Targets(*node.row);
  const auto allowed = [&](TypeId type) {
    return targets.empty() ||
           std::any_of(targets.begin(), targets.end(), [&](TypeId target) { return definitions_.IsA(type, target); });
  };
  if (const std::string_view said = node.ChildValue("type");
      !said.empty() && said.find(':') == std::string_view::npos) {
    const TypeId type = definitions_.FindType(said);
    if (!definitions_.IsResource(type) || !allowed(type)) {
      Error(node, IssueType::kStructure, fmt::format("expected a type of {}", Names(targets)));
    }
  }
  if (text.empty()) {
    return;
  }
  if (const std::string_view name = RelativeType(text); !name.empty()) {
    const TypeId type = definitions_.FindType(name);
    if (!definitions_.IsResource(type)) {
      Error(node, IssueType::kValue, "expected the name of a resource type before '/'");
    } else if (!allowed(type)) {
      Error(node, IssueType::kStructure, fmt::format("expected a reference to {}", Names(targets)));
    }
    return;
  }
  if (targets.empty()) {
    return;
  }
  const Target target = resolver_.Resolve(node, text);
  const TypeId type = target.resource != nullptr ? target.resource->type : fhirpath::ReferencedType(text, definitions_);
  if (type != metadata::kNoType && !allowed(type)) {
    Error(node, IssueType::kStructure, fmt::format("expected a reference to {}", Names(targets)));
  }
}

void Walk::ProfileReference(const Node& node, const TypeRule& rule) {
  const std::string_view text = node.ChildValue("reference");
  if (text.empty()) {
    return;
  }
  const Target target = resolver_.Resolve(node, text);
  if (rule.aggregation != 0) {
    const std::uint8_t ways = target.origin == Origin::kContained ? kAggregationContained
                              : target.origin == Origin::kBundled ? kAggregationBundled | kAggregationReferenced
                                                                  : kAggregationReferenced;
    if ((rule.aggregation & ways) == 0) {
      Error(node, IssueType::kStructure, "expected a target that is reached as the profile says (aggregation)");
    }
  }
  if (rule.target_profiles.empty()) {
    return;
  }
  const TypeId type = target.resource != nullptr ? target.resource->type : fhirpath::ReferencedType(text, definitions_);
  bool known = true;
  bool right_type = type == metadata::kNoType;
  for (const std::string& canonical : rule.target_profiles) {
    const Profile* profile = profiles_.Find(canonical);
    if (profile == nullptr) {
      known = false;
      continue;
    }
    const bool fits = type == metadata::kNoType || definitions_.IsA(type, profile->type);
    right_type = right_type || fits;
    if (fits && (target.resource == nullptr || profile->is_base || Conforms(*target.resource, canonical) != false)) {
      return;
    }
  }
  if (!known) {
    return;
  }
  Error(node, IssueType::kStructure,
        right_type ? fmt::format("expected a target that conforms to one of {}", fmt::join(rule.target_profiles, ", "))
                   : fmt::format("expected a target of the type of one of {}", fmt::join(rule.target_profiles, ", ")));
}

}  // namespace fhir::validation
