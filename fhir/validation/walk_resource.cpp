// What holds of a resource as a whole, whatever its type: ids that stand once, and the URL that names it.
// Source: https://hl7.org/fhir/R4/resource.html and https://hl7.org/fhir/R4/element.html#id
#include <set>
#include <string_view>
#include <utility>

#include "fhir/validation/walk.hpp"

namespace fhir::validation {

using model::Node;

namespace {

constexpr std::string_view kPublicationStatus = "http://hl7.org/fhir/ValueSet/publication-status";

/// Ids of elements stand once within a resource. A StructureDefinition has those of its differential again in its
/// snapshot.
const Node& ScopeOfIds(const Node& node) {
  const Node* at = &node;
  while (at->parent != nullptr && !metadata::Definitions::R4().IsResource(at->type) && at->name != "snapshot") {
    at = at->parent;
  }
  return *at;
}

}  // namespace

void Walk::ElementId(const Node& element, std::string_view id) {
  if (!element_ids_.emplace(&ScopeOfIds(element), id).second) {
    Error(element, IssueType::kBusinessRule, "expected an id that no other element of the resource has");
  }
}

void Walk::ResourceRules(const Node& node, const Profile& base) {
  std::set<std::string_view> contained;
  for (const Node& child : node.children()) {
    if (child.name != "contained") {
      continue;
    }
    const std::string_view id = child.ChildValue("id");
    if (!id.empty() && !contained.insert(id).second) {
      Error(child, IssueType::kDuplicate, "expected an id that no other contained resource has");
    }
  }
  if (const Node* meta = node.Child("meta")) {
    std::set<std::pair<std::string_view, std::string_view>> labels;
    for (const Node& label : meta->children()) {
      if (label.name == "security" && !labels.emplace(label.ChildValue("system"), label.ChildValue("code")).second) {
        Error(label, IssueType::kBusinessRule, "expected each security label once");
      }
    }
  }
  const Node* url = node.Child("url");
  if (url != nullptr && url->HasValue() && !IsAbsoluteUri(url->value) && IsPublished(base)) {
    Error(*url, IssueType::kInvalid, "expected an absolute URL, which names the resource everywhere");
  }
}

/// Whether resources of the type are published under a URL: they have the status of a publication.
bool Walk::IsPublished(const Profile& base) {
  for (const std::uint32_t at : base.root().children) {
    const ElementRule& rule = base.rules[at];
    if (rule.name == "status") {
      return rule.binding && rule.binding->value_set.starts_with(kPublicationStatus);
    }
  }
  return false;
}

}  // namespace fhir::validation
