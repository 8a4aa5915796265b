#include "fhir/validation/resolver.hpp"

#include <fmt/format.h>

#include "fhir/fhirpath/reference_resolver.hpp"

namespace fhir::validation {
namespace {

using model::Node;

const Node* FindContained(const Node& container, std::string_view id) {
  for (const Node& child : container.children()) {
    if (child.name == "contained" && child.ChildValue("id") == id) {
      return &child;
    }
  }
  return nullptr;
}

std::string_view WithoutVersion(std::string_view reference) {
  return reference.substr(0, reference.find("/_history/"));
}

/// "http://host/fhir/" of "http://host/fhir/Patient/1"; empty for urn: and the like.
std::string_view ServerOf(std::string_view full_url) {
  const std::size_t last = full_url.rfind('/');
  if (!full_url.starts_with("http") || last == std::string_view::npos || last == 0) {
    return {};
  }
  const std::size_t before = full_url.rfind('/', last - 1);
  return before == std::string_view::npos ? std::string_view{} : full_url.substr(0, before + 1);
}

}  // namespace

Resolver::Resolver(const External& external)
    : external_(external), bundle_(metadata::Definitions::R4().FindType("Bundle")) {}

const Resolver::Index& Resolver::IndexOf(const Node& bundle) {
  const auto [found, made] = indexes_.try_emplace(&bundle);
  if (made) {
    for (const Node& entry : bundle.children()) {
      const Node* resource = entry.name == "entry" ? entry.Child("resource") : nullptr;
      if (resource == nullptr) {
        continue;
      }
      if (const std::string_view url = entry.ChildValue("fullUrl"); !url.empty()) {
        found->second.by_full_url.emplace(url, resource);
      }
      if (const std::string_view id = resource->ChildValue("id"); !id.empty()) {
        found->second.by_type_and_id.emplace(
            fmt::format("{}/{}", metadata::Definitions::R4().TypeName(resource->type), id), resource);
      }
    }
  }
  return found->second;
}

Target Resolver::Resolve(const Node& from, std::string_view reference) {
  if (reference.empty()) {
    return {};
  }
  if (reference.starts_with('#')) {
    const Node& container = fhirpath::OutermostResource(from);
    const Node* found = reference.size() == 1 ? &container : FindContained(container, reference.substr(1));
    return found == nullptr ? Target{} : Target{found, Origin::kContained};
  }
  const std::string_view plain = WithoutVersion(reference);
  std::string_view full_url;  // of the entry that `from` stands in
  for (const Node* at = &from; at != nullptr; at = at->parent) {
    if (at->name == "entry" && full_url.empty()) {
      full_url = at->ChildValue("fullUrl");
    }
    if (at->type != bundle_) {
      continue;
    }
    const Index& index = IndexOf(*at);
    if (const auto found = index.by_full_url.find(plain); found != index.by_full_url.end()) {
      return {found->second, Origin::kBundled};
    }
    const bool relative = plain.find(':') == std::string_view::npos;
    if (const std::string_view server = ServerOf(full_url); relative && !server.empty()) {
      const auto found = index.by_full_url.find(fmt::format("{}{}", server, plain));
      if (found != index.by_full_url.end()) {
        return {found->second, Origin::kBundled};
      }
    }
    if (relative) {
      if (const auto found = index.by_type_and_id.find(std::string(plain)); found != index.by_type_and_id.end()) {
        return {found->second, Origin::kBundled};
      }
    }
    full_url = {};
  }
  if (external_) {
    if (const Node* found = external_(reference)) {
      return {found, Origin::kExternal};
    }
  }
  return {};
}

}  // namespace fhir::validation
