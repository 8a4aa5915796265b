#include "gateway/store/transaction/merge.hpp"

#include <algorithm>
#include <string_view>
#include <tuple>
#include <vector>

namespace gateway::store::transaction {
namespace {

using fhir::model::Document;
using fhir::model::Node;

std::string_view BaseName(const Node& node) {
  return node.row != nullptr ? fhir::metadata::Definitions::R4().Text(node.row->base_name) : node.name;
}

void RemoveBase(Document& document, Node& parent, std::string_view base_name) {
  for (Node* child = parent.first_child; child != nullptr;) {
    Node* const next = child->next;
    if (BaseName(*child) == base_name) {
      document.Remove(*child);
    }
    child = next;
  }
}

auto IdentifierKey(const Node& identifier) {
  return std::make_tuple(identifier.ChildValue("system"), identifier.FindValue("type.coding.code"));
}

void MergeIdentifiers(Document& merged, const Node& stored, const Node& change) {
  std::vector<const Node*> result;
  std::vector<const Node*> arriving;
  for (const Node& child : change.children()) {
    if (child.name == "identifier") {
      arriving.push_back(&child);
    }
  }
  for (const Node& child : stored.children()) {
    if (child.name != "identifier") {
      continue;
    }
    const auto same = std::find_if(arriving.begin(), arriving.end(), [&](const Node* candidate) {
      return IdentifierKey(*candidate) == IdentifierKey(child);
    });
    if (same == arriving.end()) {
      result.push_back(&child);
      continue;
    }
    result.push_back(*same);
    arriving.erase(same);
  }
  result.insert(result.end(), arriving.begin(), arriving.end());
  merged.RemoveAll(merged.root(), "identifier");
  for (const Node* identifier : result) {
    merged.CopyInto(merged.root(), "identifier", *identifier);
  }
}

bool SameLabel(const Node& left, const Node& right) {
  if (left.name != right.name) {
    return false;
  }
  if (left.name == "profile") {
    return left.value == right.value;
  }
  return left.ChildValue("system") == right.ChildValue("system") && left.ChildValue("code") == right.ChildValue("code");
}

void MergeMeta(Document& merged, const Node& change_meta) {
  Node* meta = merged.root().Child("meta");
  if (meta == nullptr) {
    merged.CopyInto(merged.root(), "meta", change_meta);
    return;
  }
  for (const Node& child : change_meta.children()) {
    if (child.name == "versionId" || child.name == "lastUpdated") {
      continue;
    }
    if (child.name == "profile" || child.name == "tag" || child.name == "security") {
      const auto known = meta->children();
      const bool present =
          std::any_of(known.begin(), known.end(), [&](const Node& other) { return SameLabel(other, child); });
      if (!present) {
        merged.CopyInto(*meta, child.name, child);
      }
      continue;
    }
    merged.RemoveAll(*meta, child.name);
    merged.CopyInto(*meta, child.name, child);
  }
}

}  // namespace

Document Merge(const Node& stored, const Node& change) {
  Document merged = Document::CloneResource(stored);
  std::vector<std::string_view> replaced;
  for (const Node& child : change.children()) {
    if (child.name == "id") {
      continue;
    }
    if (child.name == "meta") {
      MergeMeta(merged, child);
      continue;
    }
    const std::string_view base_name = BaseName(child);
    if (std::find(replaced.begin(), replaced.end(), base_name) == replaced.end()) {
      replaced.push_back(base_name);
      if (child.name == "identifier") {
        MergeIdentifiers(merged, stored, change);
      } else {
        RemoveBase(merged, merged.root(), base_name);
      }
    }
    if (child.name != "identifier") {
      merged.CopyInto(merged.root(), child.name, child);
    }
  }
  return merged;
}

}  // namespace gateway::store::transaction
