#include "fhir/fhirpath/reference_resolver.hpp"

namespace fhir::fhirpath {
namespace {

bool IsResourceNode(const model::Node& node) {
  return node.parent == nullptr ||
         (node.type != metadata::kNoType && metadata::Definitions::R4().IsResource(node.type));
}

const model::Node* FindContained(const model::Node& container, std::string_view id) {
  for (const model::Node& child : container.children()) {
    if (child.name == "contained" && child.ChildValue("id") == id) return &child;
  }
  return nullptr;
}

/// The entry of the Bundle around `node` whose fullUrl is `url`.
const model::Node* FindEntry(const model::Node& node, std::string_view url, metadata::TypeId bundle_type) {
  for (const model::Node* at = &node; at != nullptr; at = at->parent) {
    if (at->type != bundle_type) continue;
    for (const model::Node& entry : at->children()) {
      if (entry.name == "entry" && entry.ChildValue("fullUrl") == url) return entry.Child("resource");
    }
  }
  return nullptr;
}

}  // namespace

const model::Node& EnclosingResource(const model::Node& node) {
  const model::Node* at = &node;
  while (!IsResourceNode(*at)) at = at->parent;
  return *at;
}

const model::Node& OutermostResource(const model::Node& node) {
  const model::Node* at = &EnclosingResource(node);
  while (at->name == "contained" && at->parent != nullptr) at = &EnclosingResource(*at->parent);
  return *at;
}

metadata::TypeId ReferencedType(std::string_view reference, const metadata::Definitions& definitions) {
  if (const std::size_t history = reference.find("/_history/"); history != std::string_view::npos) {
    reference = reference.substr(0, history);
  }
  const std::size_t slash = reference.rfind('/');
  if (slash == std::string_view::npos || slash + 1 == reference.size()) return metadata::kNoType;
  std::string_view type = reference.substr(0, slash);
  if (const std::size_t before = type.rfind('/'); before != std::string_view::npos) type = type.substr(before + 1);
  const metadata::TypeId found = definitions.FindType(type);
  return definitions.IsResource(found) ? found : metadata::kNoType;
}

bool ResolveReference(Evaluator& evaluator, const Item& item, Collection& out) {
  std::string_view reference;
  std::string_view said_type;
  if (item.IsNode() && item.type == evaluator.core().reference) {
    reference = item.node->ChildValue("reference");
    said_type = item.node->ChildValue("type");
  } else if (const Item value = evaluator.ToValue(item); value.kind == ItemKind::kString) {
    reference = value.text;
  }
  if (reference.starts_with('#') && item.IsNode()) {
    const model::Node& container = OutermostResource(*item.node);
    const model::Node* const found = reference.size() == 1 ? &container : FindContained(container, reference.substr(1));
    return found == nullptr || evaluator.Add(out, Item::Of(*found));
  }
  if (!reference.empty()) {
    if (evaluator.context().resolve) {
      if (const model::Node* const found = evaluator.context().resolve(reference))
        return evaluator.Add(out, Item::Of(*found));
    }
    if (item.IsNode()) {
      if (const model::Node* const found = FindEntry(*item.node, reference, evaluator.core().bundle)) {
        return evaluator.Add(out, Item::Of(*found));
      }
    }
  }
  metadata::TypeId type = ReferencedType(reference, evaluator.definitions());
  if (type == metadata::kNoType && !said_type.empty()) {
    type = evaluator.definitions().FindType(said_type);  // Reference.type, e.g. beside a logical reference
    if (!evaluator.definitions().IsResource(type)) type = metadata::kNoType;
  }
  if (type == metadata::kNoType) return true;
  Item stub;
  stub.kind = ItemKind::kStub;
  stub.type = type;
  stub.text = reference;
  return evaluator.Add(out, stub);
}

}  // namespace fhir::fhirpath
