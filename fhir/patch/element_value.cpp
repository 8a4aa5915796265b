#include "fhir/patch/element_value.hpp"

#include <fmt/format.h>

namespace fhir::patch {
namespace {

using metadata::Definitions;
using metadata::ElementRow;
using metadata::TypeId;
using metadata::TypeKind;
using model::Node;

constexpr int kPartDepthMax = 50;  // inner structures within inner structures

/// The value[x] or resource of a part; nullptr when it is made of parts.
const Node* ValueOf(const Node& part) {
  const Definitions& definitions = Definitions::R4();
  for (const Node& child : part.children()) {
    if (child.row != nullptr && definitions.Text(child.row->base_name) == "value") {
      return &child;
    }
    if (child.name == "resource") {
      return &child;
    }
  }
  return nullptr;
}

bool IsPrimitive(TypeId type) {
  return type != metadata::kNoType && Definitions::R4().Kind(type) == TypeKind::kPrimitive;
}

bool Fits(const ElementRow& row, const Node* value) {
  const Definitions& definitions = Definitions::R4();
  if (value == nullptr) {  // parts: for structures that no value[x] can hold, and for data types as well
    return !IsPrimitive(row.type);
  }
  if (value->type == metadata::kNoType) {
    return false;
  }
  if (IsPrimitive(row.type) && IsPrimitive(value->type)) {
    return definitions.Shape(row.type) == definitions.Shape(value->type) ||
           (definitions.Shape(row.type) == metadata::JsonShape::kNumber && value->kind == model::ValueKind::kNumber);
  }
  return definitions.IsA(value->type, row.type) || definitions.IsA(row.type, value->type);
}

Patched<Node*> AddParts(model::Document& document, Node& parent, std::string_view name, const Node& part, int depth);

Patched<Node*> AddOne(model::Document& document, Node& parent, std::string_view name, const Node& part, int depth) {
  if (depth > kPartDepthMax) {
    return Refuse(FailureKind::kTooLarge, "a value of fewer nested parts is expected");
  }
  const Node* value = ValueOf(part);
  if (value == nullptr && part.Child("part") == nullptr) {
    return Refuse(FailureKind::kMalformed, "a value[x], a resource or parts are expected as value");
  }
  const ElementChoice choice = FindElement(parent.type, name, part);
  if (choice.row == nullptr) {
    return Refuse(FailureKind::kResultInvalid, choice.name_known
                                                   ? "a value of the element's type is expected"
                                                   : "the name of an element that is defined there is expected");
  }
  const std::string_view json_name = Definitions::R4().Text(choice.row->name);
  if (value == nullptr) {
    return AddParts(document, parent, json_name, part, depth);
  }
  return &document.CopyInto(parent, json_name, *value);
}

Patched<Node*> AddParts(model::Document& document, Node& parent, std::string_view name, const Node& part, int depth) {
  Node& element = document.Add(parent, name);
  for (const Node& child : part.children()) {
    if (child.name != "part") {
      continue;
    }
    const std::string_view child_name = child.ChildValue("name");
    const ElementRow* row = FindElement(element.type, child_name, child).row;
    if (row != nullptr && row->repeats == 0) {
      for (const Node& sibling : element.children()) {
        if (sibling.row != nullptr && sibling.row->group == row->group) {
          return Refuse(FailureKind::kResultInvalid, "a second value is given where one is allowed");
        }
      }
    }
    if (auto added = AddOne(document, element, child_name, child, depth + 1); !added) {
      return added;
    }
  }
  return &element;
}

}  // namespace

ElementChoice FindElement(TypeId parent, std::string_view name, const Node& part) {
  const Definitions& definitions = Definitions::R4();
  ElementChoice choice;
  if (parent == metadata::kNoType) {
    return choice;
  }
  const Node* value = ValueOf(part);
  const ElementRow* exact_type = nullptr;
  for (const ElementRow& row : definitions.Children(parent)) {
    if (definitions.Text(row.name) != name && definitions.Text(row.base_name) != name) {
      continue;
    }
    choice.name_known = true;
    if (!Fits(row, value)) {
      continue;
    }
    if (value != nullptr && row.type == value->type) {
      exact_type = &row;
    }
    // A choice of several that could take parts, or a primitive of a like kind, is told by its exact type alone.
    const bool choice_row = (row.flags & metadata::kElementChoice) != 0 && definitions.Text(row.name) != name;
    if (choice.row == nullptr && (!choice_row || (value != nullptr && row.type == value->type))) {
      choice.row = &row;
    }
  }
  if (exact_type != nullptr) {
    choice.row = exact_type;
  }
  return choice;
}

Patched<Node*> AddElement(model::Document& document, Node& parent, std::string_view name, const Node& part) {
  return AddOne(document, parent, name, part, 0);
}

}  // namespace fhir::patch
