#include "fhir/fhirpath/reference_resolver.hpp"

#include <optional>
#include <string>

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

/// What a reference asks for: an address, and maybe a version of what is there.
struct Wanted {
  std::string url;
  std::string_view version;
};

constexpr std::string_view kHistory = "/_history/";
/// A look at an entry's fullUrl is little beside a step of an expression.
constexpr std::size_t kEntriesPerStep = 64;

/// A relative reference is one to the server that the entry's own fullUrl names, when that is such an address.
std::optional<Wanted> WantedOf(std::string_view reference, const model::Node* entry,
                               const metadata::Definitions& definitions) {
  Wanted wanted;
  if (const std::size_t history = reference.find(kHistory); history != std::string_view::npos) {
    wanted.version = reference.substr(history + kHistory.size());
    reference = reference.substr(0, history);
  }
  if (reference.find(':') != std::string_view::npos) {
    wanted.url = reference;
    return wanted;
  }
  const std::string_view own = entry == nullptr ? std::string_view{} : entry->ChildValue("fullUrl");
  if (ReferencedType(own, definitions) == metadata::kNoType) return std::nullopt;
  const std::size_t type = own.rfind('/', own.rfind('/') - 1);
  if (type == std::string_view::npos) return std::nullopt;
  wanted.url.append(own.substr(0, type + 1)).append(reference);
  return wanted;
}

/// The resource in a Bundle around `node` that the reference leads to; null when none does.
/// Source: https://hl7.org/fhir/R4/bundle.html#references
const model::Node* FindEntry(Evaluator& evaluator, const model::Node& node, std::string_view reference) {
  const model::Node* inside = nullptr;  // the entry of the Bundle that the reference stands in
  for (const model::Node* at = &node; at != nullptr; at = at->parent) {
    if (at->type != evaluator.core().bundle) {
      inside = at;
      continue;
    }
    const std::optional<Wanted> wanted = WantedOf(reference, inside, evaluator.definitions());
    if (!wanted) return nullptr;
    std::size_t looked_at = 0;
    for (const model::Node& entry : at->children()) {
      if (looked_at++ % kEntriesPerStep == 0 && !evaluator.Spend(1)) return nullptr;
      const model::Node* const found =
          entry.name == "entry" && entry.ChildValue("fullUrl") == wanted->url ? entry.Child("resource") : nullptr;
      if (found != nullptr && (wanted->version.empty() || found->FindValue("meta.versionId") == wanted->version)) {
        return found;
      }
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
      if (const model::Node* const found = FindEntry(evaluator, *item.node, reference)) {
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
