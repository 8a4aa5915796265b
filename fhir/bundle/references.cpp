#include "fhir/bundle/references.hpp"

namespace fhir::bundle {
namespace {

using metadata::TypeId;
using model::Node;

/// The types whose values may be links, by the definitions.
struct LinkTypes {
  const metadata::Definitions& definitions = metadata::Definitions::R4();
  TypeId reference = definitions.FindType("Reference");
  TypeId uri = definitions.FindType("uri");
  TypeId xhtml = definitions.FindType("xhtml");
  TypeId extension = definitions.FindType("Extension");
};

/// Calls visit(node) for every node of the tree, parents first. Depth is bounded by the readers.
template <typename NodeType, typename Visit>
void Walk(NodeType& node, const Visit& visit) {
  visit(node);
  for (auto& child : node.children()) {
    Walk(child, visit);
  }
}

std::string_view WithoutSpacesBehind(std::string_view text) {
  const std::size_t last = text.find_last_not_of(" \t\r\n");
  return last == std::string_view::npos ? std::string_view() : text.substr(0, last + 1);
}

bool IsHrefOrSrc(std::string_view before_quote) {
  before_quote = WithoutSpacesBehind(before_quote);
  if (!before_quote.ends_with('=')) {
    return false;
  }
  before_quote.remove_suffix(1);
  const std::string_view name = WithoutSpacesBehind(before_quote);
  return name.ends_with("href") || name.ends_with("src");
}

/// Replaces links in the href and src attributes of a narrative; empty when nothing changes.
std::string RewriteNarrative(std::string_view xhtml, const LinkLookup& lookup, std::size_t& replaced) {
  std::string out;
  std::size_t kept = 0;
  for (std::size_t at = xhtml.find("urn:"); at != std::string_view::npos; at = xhtml.find("urn:", at + 1)) {
    if (at == 0 || (xhtml[at - 1] != '"' && xhtml[at - 1] != '\'') || !IsHrefOrSrc(xhtml.substr(0, at - 1))) {
      continue;
    }
    const std::size_t end = xhtml.find(xhtml[at - 1], at);
    if (end == std::string_view::npos) {
      break;
    }
    if (const auto target = lookup(xhtml.substr(at, end - at))) {
      out.append(xhtml, kept, at - kept);
      out += *target;
      kept = end;
      ++replaced;
    }
  }
  if (!out.empty()) {
    out.append(xhtml, kept, xhtml.size() - kept);
  }
  return out;
}

}  // namespace

std::size_t RewriteReferences(model::Document& document, model::Node& resource, const LinkLookup& lookup) {
  const LinkTypes types;
  std::size_t replaced = 0;
  const auto replace = [&](Node& node) {
    if (const auto target = lookup(node.value)) {
      document.SetValue(node, *target);
      ++replaced;
    }
  };
  Walk(resource, [&](Node& node) {
    if (!node.HasValue() || node.type == metadata::kNoType || node.parent == nullptr) {
      return;
    }
    if (node.parent->type == types.reference && node.name == "reference") {
      if (!node.value.starts_with('#')) {
        replace(node);
      }
    } else if (node.type == types.xhtml) {
      const std::string text = RewriteNarrative(node.value, lookup, replaced);
      if (!text.empty()) {
        document.SetValue(node, text);
      }
    } else if (node.value.starts_with("urn:") && types.definitions.IsA(node.type, types.uri)) {
      // Extension.url names the extension; it is an identity, not a link to a resource.
      if (!(node.parent->type == types.extension && node.name == "url")) {
        replace(node);
      }
    }
  });
  return replaced;
}

std::vector<ReferenceUse> CollectReferences(const model::Node& resource) {
  const LinkTypes types;
  std::vector<ReferenceUse> uses;
  Walk(resource, [&](const Node& node) {
    if (node.type != types.reference) {
      return;
    }
    const std::string_view reference = node.ChildValue("reference");
    if (!reference.empty() && !reference.starts_with('#')) {
      uses.push_back({reference, &node});
    }
  });
  return uses;
}

}  // namespace fhir::bundle
