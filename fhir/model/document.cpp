// Building and changing the tree.
#include "fhir/model/document.hpp"

#include <cstring>
#include <new>
#include <type_traits>

namespace fhir::model {
namespace {

using metadata::Definitions;
using metadata::ElementRow;

static_assert(std::is_trivially_destructible_v<Node>, "the arena frees nodes without destroying them");

ValueKind KindOf(metadata::TypeId type) {
  const Definitions& definitions = Definitions::R4();
  if (type == metadata::kNoType || definitions.Kind(type) != metadata::TypeKind::kPrimitive) {
    return ValueKind::kString;
  }
  switch (definitions.Shape(type)) {
    case metadata::JsonShape::kNumber:
      return ValueKind::kNumber;
    case metadata::JsonShape::kBoolean:
      return ValueKind::kBoolean;
    case metadata::JsonShape::kString:
      break;
  }
  return ValueKind::kString;
}

void LinkAfter(Node& parent, Node* previous, Node& child) {
  child.parent = &parent;
  Node*& slot = previous == nullptr ? parent.first_child : previous->next;
  child.next = slot;
  slot = &child;
  if (child.next == nullptr) {
    parent.last_child = &child;
  }
}

/// The sibling that a child of this row goes after; nullptr for the first place. Unknown elements go last. Siblings
/// read from JSON stand in any order: repetitions stay side by side even then.
Node* PlaceOf(Node& parent, const ElementRow* row) {
  Node* last = parent.last_child;
  if (row == nullptr || last == nullptr || (last->row != nullptr && last->row->group == row->group)) {
    return last;
  }
  Node* place = nullptr;
  Node* repetition = nullptr;
  for (Node& sibling : parent.children()) {
    if (sibling.row != nullptr && sibling.row->group <= row->group) {
      place = &sibling;
      repetition = sibling.row->group == row->group ? &sibling : repetition;
    }
  }
  return repetition != nullptr ? repetition : place;
}

}  // namespace

Document::Document(metadata::TypeId resource_type, std::size_t first_block_bytes)
    : arena_(std::make_unique<std::pmr::monotonic_buffer_resource>(first_block_bytes)), root_(NewNode()) {
  root_->type = resource_type;
  root_->name = Definitions::R4().TypeName(resource_type);
}

Node* Document::NewNode() {
  return new (arena_->allocate(sizeof(Node), alignof(Node))) Node;
}

std::string_view Document::type_name() const {
  return Definitions::R4().TypeName(root_->type);
}

std::string_view Document::Intern(std::string_view text) {
  if (text.empty()) {
    return {};
  }
  char* copy = static_cast<char*>(arena_->allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return {copy, text.size()};
}

Node& Document::Add(Node& parent, std::string_view json_name) {
  const Definitions& definitions = Definitions::R4();
  const ElementRow* row = definitions.FindChild(parent.type, json_name);
  Node& node = *NewNode();
  node.row = row;
  node.name = row != nullptr ? definitions.Text(row->name) : Intern(json_name);
  node.type = row != nullptr ? row->type : metadata::kNoType;
  LinkAfter(parent, PlaceOf(parent, row), node);
  return node;
}

Node& Document::Add(Node& parent, std::string_view json_name, std::string_view value) {
  Node& node = Add(parent, json_name);
  SetValue(node, value);
  return node;
}

Node& Document::Append(Node& parent, std::string_view interned_name, const ElementRow* row) {
  Node& node = *NewNode();
  node.row = row;
  node.name = interned_name;
  node.type = row != nullptr ? row->type : metadata::kNoType;
  node.parent = &parent;
  (parent.last_child == nullptr ? parent.first_child : parent.last_child->next) = &node;
  parent.last_child = &node;
  return node;
}

void Document::SetValue(Node& node, std::string_view value) {
  node.value = Intern(value);
  node.kind = KindOf(node.type);
}

Node& Document::AddResource(Node& parent, std::string_view json_name, metadata::TypeId resource_type) {
  Node& node = Add(parent, json_name);
  node.type = resource_type;
  return node;
}

void Document::Remove(Node& child) {
  Node& parent = *child.parent;
  Node* previous = nullptr;
  for (Node* at = parent.first_child; at != &child; at = at->next) {
    previous = at;
  }
  (previous == nullptr ? parent.first_child : previous->next) = child.next;
  if (parent.last_child == &child) {
    parent.last_child = previous;
  }
  child.parent = nullptr;
  child.next = nullptr;
}

void Document::RemoveAll(Node& parent, std::string_view json_name) {
  Node* previous = nullptr;
  Node* next = nullptr;
  for (Node* at = parent.first_child; at != nullptr; at = next) {
    next = at->next;
    if (at->name == json_name) {
      (previous == nullptr ? parent.first_child : previous->next) = next;
      at->parent = nullptr;
      at->next = nullptr;
    } else {
      previous = at;
    }
  }
  parent.last_child = previous;
}

void Document::CopyContent(Node& to, const Node& from) {
  to.value = Intern(from.value);
  to.kind = from.kind;
  to.source_offset = from.source_offset;
  const Definitions& definitions = Definitions::R4();
  for (const Node& child : from.children()) {
    // A copy into an element of another type (Age into Quantity) has rows of its own.
    const ElementRow* row = to.type == from.type ? child.row : definitions.FindChild(to.type, child.name);
    Node& copy = Append(to, row != nullptr ? definitions.Text(row->name) : Intern(child.name), row);
    if (child.type != metadata::kNoType && definitions.IsResource(child.type)) {
      copy.type = child.type;
    }
    CopyContent(copy, child);
  }
}

Node& Document::CopyInto(Node& parent, std::string_view json_name, const Node& source) {
  Node& copy = Add(parent, json_name);
  if (source.type != metadata::kNoType && Definitions::R4().IsResource(source.type)) {
    copy.type = source.type;
  }
  CopyContent(copy, source);
  return copy;
}

Document Document::CloneResource(const Node& resource) {
  Document document(resource.type);
  document.CopyContent(*document.root_, resource);
  return document;
}

}  // namespace fhir::model
