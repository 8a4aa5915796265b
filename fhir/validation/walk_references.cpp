// References: the type of what they lead to, by the definition and by profiles, and how they may lead there.
// Source: https://hl7.org/fhir/R4/references.html
#include <algorithm>
#include <iterator>

#include <fmt/format.h>

#include "fhir/fhirpath/reference_resolver.hpp"
#include "fhir/validation/reference_form.hpp"
#include "fhir/validation/walk.hpp"

namespace fhir::validation {

using metadata::TypeId;
using model::Node;

namespace {

/// "Patient" of "http://hl7.org/fhir/StructureDefinition/Patient".
std::string_view PlainTypeName(std::string_view said) {
  constexpr std::string_view kDefinitions = "http://hl7.org/fhir/StructureDefinition/";
  return said.starts_with(kDefinitions) ? said.substr(kDefinitions.size()) : said;
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
  const std::string_view said = PlainTypeName(node.ChildValue("type"));
  const ReferenceForm form = FormOfReference(text);
  TypeId type = metadata::kNoType;  // of what the reference leads to, as far as is known
  if (form != ReferenceForm::kGood) {
    ReferenceFormProblem(node, form);
  } else if (!text.empty()) {
    type = fhirpath::ReferencedType(text, definitions_);
    if (type == metadata::kNoType && (!targets.empty() || !said.empty())) {
      const Target target = resolver_.Resolve(node, text);
      type = target.resource != nullptr ? target.resource->type : type;
    }
    if (type != metadata::kNoType && !allowed(type)) {
      Error(node, IssueType::kStructure, fmt::format("expected a reference to {}", Names(targets)));
    }
  }
  if (said.empty() || IsAbsoluteUri(said)) {
    return;
  }
  const TypeId said_type = definitions_.FindType(said);
  if (!definitions_.IsResource(said_type) || !allowed(said_type)) {
    Error(node, IssueType::kStructure, fmt::format("expected a type of {}", Names(targets)));
  } else if (type != metadata::kNoType && type != said_type) {
    Error(node, IssueType::kStructure,
          fmt::format("expected the type {}, which the reference names", definitions_.TypeName(type)));
  }
}

/// A canonical that is loaded, or contained, leads to a resource of a type that the element allows.
void Walk::CanonicalTarget(const Node& node) {
  constexpr std::string_view kPublished[] = {"StructureDefinition", "ValueSet", "CodeSystem", "ConceptMap",
                                             "Questionnaire"};
  const auto targets = node.row == nullptr ? std::span<const TypeId>{} : definitions_.Targets(*node.row);
  const auto allowed = [&](TypeId type) {
    return std::any_of(targets.begin(), targets.end(), [&](TypeId target) { return definitions_.IsA(type, target); });
  };
  if (targets.empty()) {
    return;
  }
  TypeId found = metadata::kNoType;
  if (node.value.starts_with('#')) {
    const Target target = resolver_.Resolve(node, node.value);
    found = target.resource == nullptr || node.value.size() == 1 ? metadata::kNoType : target.resource->type;
  } else {
    for (const std::string_view name : kPublished) {
      if (registry_.Lookup(name, node.value)) {
        found = definitions_.FindType(name);
        if (allowed(found)) {
          return;
        }
      }
    }
  }
  if (found != metadata::kNoType && !allowed(found)) {
    Error(node, IssueType::kInvalid,
          fmt::format("expected the URL of a {}, not of a {}", Names(targets), definitions_.TypeName(found)));
  }
}

/// Inside a Bundle a relative reference is joined to the fullUrl, which needs its parts; elsewhere nothing can be told
/// of what it leads to.
void Walk::ReferenceFormProblem(const Node& node, ReferenceForm form) {
  if (form == ReferenceForm::kUnknownType) {
    Error(node, IssueType::kValue, std::string(ExpectedForm(form)));
    return;
  }
  const auto in_bundle = [&] {
    const Node* at = node.parent;
    while (at != nullptr && at->type != types_.bundle) {
      at = at->parent;
    }
    return at != nullptr;
  };
  const bool wrong = form == ReferenceForm::kSpace || form == ReferenceForm::kQuery ||
                     (form == ReferenceForm::kPathParts && in_bundle());
  Report(node, wrong ? Severity::kError : Severity::kWarning, wrong ? IssueType::kInvalid : IssueType::kStructure,
         std::string(ExpectedForm(form)));
}

/// The type that a reference states is that of one of the targets, as far as these are loaded.
void Walk::StatedType(const Node& node, const TypeRule& rule) {
  const std::string_view said = PlainTypeName(node.ChildValue("type"));
  const TypeId said_type = definitions_.FindType(said);
  if (said_type == metadata::kNoType || rule.target_profiles.empty()) {
    return;
  }
  for (const std::string& canonical : rule.target_profiles) {
    const Profile* profile = profiles_.Find(canonical);
    if (profile == nullptr || definitions_.IsA(said_type, profile->type)) {
      return;
    }
  }
  Error(node, IssueType::kStructure,
        fmt::format("expected a type of one of {}", fmt::join(rule.target_profiles, ", ")));
}

void Walk::ProfileReference(const Node& node, const TypeRule& rule) {
  const std::string_view text = node.ChildValue("reference");
  if (text.empty()) {
    return;
  }
  StatedType(node, rule);
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
