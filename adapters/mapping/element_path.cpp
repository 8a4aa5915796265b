#include "adapters/mapping/element_path.hpp"

namespace adapters::mapping {

using fhir::model::Document;
using fhir::model::Node;

Node& Reach(const Rule& rule, Document& document, Node& base) {
  Node* node = &base;
  for (std::size_t i = 0; i < rule.to.size(); ++i) {
    const Step& step = rule.to[i];
    const bool last = i + 1 == rule.to.size();
    Node* found = nullptr;
    if (!step.always_new && !(last && rule.repeats && step.extension_url.empty())) {
      for (Node& child : node->children()) {
        if (child.name == step.name && (step.extension_url.empty() || child.ChildValue("url") == step.extension_url)) {
          found = &child;
        }
      }
    }
    if (found == nullptr) {
      found = &document.Add(*node, step.name);
      if (!step.extension_url.empty()) {
        document.Add(*found, "url", step.extension_url);
      }
    }
    node = found;
  }
  return *node;
}

void Prune(Document& document, Node& node, Node& base) {
  Node* at = &node;
  while (at != &base && at->parent != nullptr) {
    const bool only_url = at->name == "extension" && at->first_child != nullptr && at->first_child == at->last_child &&
                          at->first_child->name == "url";
    if (!IsEmptyNode(*at) && !only_url) {
      return;
    }
    Node* parent = at->parent;
    document.Remove(*at);
    at = parent;
  }
}

}  // namespace adapters::mapping
