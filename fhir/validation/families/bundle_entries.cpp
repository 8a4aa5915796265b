#include "fhir/validation/families/bundle_entries.hpp"

#include "fhir/metadata/definitions.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using model::Node;

constexpr std::string_view kHistory = "/_history/";

bool HasScheme(std::string_view url) {
  const std::size_t colon = url.find(':');
  return colon != std::string_view::npos && url.find('/') >= colon;
}

}  // namespace

RestUrl SplitRestUrl(std::string_view url) {
  const std::size_t id_at = url.rfind('/');
  if (id_at == std::string_view::npos || id_at == 0) {
    return {};
  }
  const std::size_t slash = url.rfind('/', id_at - 1);
  const std::size_t type_at = slash == std::string_view::npos ? 0 : slash + 1;
  const std::string_view type = url.substr(type_at, id_at - type_at);
  const Definitions& definitions = Definitions::R4();
  if (!definitions.IsResource(definitions.FindType(type))) {
    return {};
  }
  return {.base = url.substr(0, type_at), .type = type, .id = url.substr(id_at + 1)};
}

BundleEntries::BundleEntries(const Node& bundle) {
  for (const Node& child : bundle.children()) {
    if (child.name != "entry") {
      continue;
    }
    entries_.push_back({.node = &child, .resource = child.Child("resource"), .full_url = child.ChildValue("fullUrl")});
    if (!entries_.back().full_url.empty()) {
      by_url_.emplace(entries_.back().full_url, entries_.size() - 1);
    }
  }
}

std::vector<std::size_t> BundleEntries::Resolve(const BundleEntry& from, std::string_view reference) const {
  reference = reference.substr(0, reference.find('#'));
  std::string_view version;
  if (const std::size_t history = reference.find(kHistory); history != std::string_view::npos) {
    version = reference.substr(history + kHistory.size());
    reference = reference.substr(0, history);
  }
  std::string absolute(reference);
  if (!HasScheme(reference)) {
    const RestUrl base = SplitRestUrl(from.full_url);
    // A server's address ends with the id of the resource; without one it is a name, and nothing is relative to it.
    const bool of_server = from.resource == nullptr || from.resource->ChildValue("id") == base.id;
    if ((!base.base.empty() && of_server) || !HasScheme(from.full_url)) {
      absolute = std::string(base.base) + absolute;
    } else {
      return {};
    }
  }
  std::vector<std::size_t> found;
  const auto [first, last] = by_url_.equal_range(absolute);
  for (auto at = first; at != last; ++at) {
    const Node* resource = entries_[at->second].resource;
    if (version.empty() || (resource != nullptr && resource->FindValue("meta.versionId") == version)) {
      found.push_back(at->second);
    }
  }
  return found;
}

std::vector<std::size_t> BundleEntries::Called(std::string_view full_url) const {
  std::vector<std::size_t> found;
  const auto [first, last] = by_url_.equal_range(full_url);
  for (auto at = first; at != last; ++at) {
    found.push_back(at->second);
  }
  return found;
}

std::vector<std::size_t> BundleEntries::OfTypeAndId(std::string_view type_and_id) const {
  std::vector<std::size_t> found;
  const std::size_t slash = type_and_id.find('/');
  for (std::size_t at = 0; at < entries_.size() && slash != std::string_view::npos; ++at) {
    const Node* resource = entries_[at].resource;
    if (resource != nullptr && Definitions::R4().TypeName(resource->type) == type_and_id.substr(0, slash) &&
        resource->ChildValue("id") == type_and_id.substr(slash + 1)) {
      found.push_back(at);
    }
  }
  return found;
}

bool IsBundle(const Node& node) {
  static const metadata::TypeId kBundle = Definitions::R4().FindType("Bundle");
  return node.type == kBundle;
}

void CollectReferenceNodes(const Node& resource, std::vector<const Node*>& references) {
  static const metadata::TypeId kReferenceType = Definitions::R4().FindType("Reference");
  for (const Node& child : resource.children()) {
    if (child.type == kReferenceType) {
      const Node* reference = child.Child("reference");
      if (reference != nullptr && !reference->value.empty() && !reference->value.starts_with('#')) {
        references.push_back(reference);
      }
    }
    if (child.first_child != nullptr && !IsBundle(child)) {
      CollectReferenceNodes(child, references);
    }
  }
}

}  // namespace fhir::validation
