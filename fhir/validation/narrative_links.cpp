#include "fhir/validation/narrative_links.hpp"

#include <string>

#include <fmt/format.h>

#include "fhir/fhirpath/reference_resolver.hpp"

namespace fhir::validation {
namespace {

using model::Node;

constexpr std::string_view kLocalLink = "href=\"#";

bool HasPlace(std::string_view text, std::string_view place) {
  for (const std::string_view attribute : {"id", "name"}) {
    if (text.find(fmt::format("{}=\"{}\"", attribute, place)) != std::string_view::npos) {
      return true;
    }
  }
  return false;
}

bool IsContained(const Node& resource, std::string_view id) {
  for (const Node& child : resource.children()) {
    if (child.name == "contained" && child.ChildValue("id") == id) {
      return true;
    }
  }
  return false;
}

/// The outermost resource that `node` stands in: the Bundle when there is one.
const Node& Root(const Node& node) {
  const Node* at = &node;
  while (at->parent != nullptr) {
    at = at->parent;
  }
  return *at;
}

bool IsPlace(const Node& div, std::string_view place) {
  const Node& resource = fhirpath::EnclosingResource(div);
  if (HasPlace(div.value, place) || IsContained(resource, place)) {
    return true;
  }
  for (const Node& entry : Root(div).children()) {
    const Node* inner = entry.name == "entry" ? entry.Child("resource") : nullptr;
    if (inner != nullptr && inner != &resource && HasPlace(inner->FindValue("text.div"), place)) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::size_t UnresolvedLinks(const Node& div) {
  std::size_t unresolved = 0;
  std::size_t links = 0;
  std::string_view rest = div.value;
  for (std::size_t at = rest.find(kLocalLink); at != std::string_view::npos && links < kLinksMax;
       at = rest.find(kLocalLink), ++links) {
    rest.remove_prefix(at + kLocalLink.size());
    const std::string_view place = rest.substr(0, rest.find('"'));
    unresolved += !place.empty() && !IsPlace(div, place) ? 1 : 0;
  }
  return unresolved;
}

bool NarrativesName(const Node& node, std::string_view link) {
  static const metadata::TypeId kXhtml = metadata::Definitions::R4().FindType("xhtml");
  const std::string quoted = fmt::format("\"{}\"", link);
  const auto look = [&](const auto& self, const Node& within) -> bool {
    for (const Node& child : within.children()) {
      if (child.type == kXhtml ? child.value.find(quoted) != std::string_view::npos : self(self, child)) {
        return true;
      }
    }
    return false;
  };
  return look(look, node);
}

}  // namespace fhir::validation
