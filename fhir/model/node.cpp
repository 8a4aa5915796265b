// Reading the tree.
#include <cstddef>
#include <utility>

#include "fhir/model/document.hpp"

namespace fhir::model {

const Node* Node::Child(std::string_view child_name) const {
  for (const Node* child = first_child; child != nullptr; child = child->next) {
    if (child->name == child_name) {
      return child;
    }
  }
  return nullptr;
}

Node* Node::Child(std::string_view child_name) {
  return const_cast<Node*>(std::as_const(*this).Child(child_name));
}

std::string_view Node::ChildValue(std::string_view child_name) const {
  const Node* child = Child(child_name);
  return child == nullptr ? std::string_view{} : child->value;
}

const Node* Node::Find(std::string_view dotted_path) const {
  const Node* node = this;
  while (node != nullptr) {
    const std::size_t dot = dotted_path.find('.');
    node = node->Child(dotted_path.substr(0, dot));
    if (dot == std::string_view::npos) {
      break;
    }
    dotted_path.remove_prefix(dot + 1);
  }
  return node;
}

std::string_view Node::FindValue(std::string_view dotted_path) const {
  const Node* node = Find(dotted_path);
  return node == nullptr ? std::string_view{} : node->value;
}

}  // namespace fhir::model
