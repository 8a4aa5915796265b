// Builds element trees from the lines of data/structure.txt, which says what they look like.
#pragma once

#include <cstddef>
#include <string_view>

#include "fhir/model/document.hpp"

namespace fhir::validation {

/// The last child of that name, or nullptr.
inline model::Node* LastChild(model::Node& parent, std::string_view name) {
  model::Node* found = nullptr;
  for (model::Node& child : parent.children()) {
    if (child.name == name) {
      found = &child;
    }
  }
  return found;
}

/// Appends at the end, as a reader does: the order of the lines is the order of the elements.
inline model::Node& AppendChild(model::Document& document, model::Node& parent, std::string_view name) {
  const auto* row = metadata::Definitions::R4().FindChild(parent.type, name);
  return document.Append(parent, document.Intern(name), row);
}

/// Adds what one line says.
inline void AddLine(model::Document& document, std::string_view line) {
  const std::size_t equals = line.find(" =");
  std::string_view path = line.substr(0, equals);
  model::Node* node = &document.root();
  while (true) {
    const std::size_t dot = path.find('.');
    std::string_view step = path.substr(0, dot);
    const bool last = dot == std::string_view::npos;
    const bool again = step.starts_with('+');
    step.remove_prefix(again ? 1 : 0);
    const std::size_t colon = step.find(':');
    const std::string_view name = step.substr(0, colon);
    model::Node* child = LastChild(*node, name);
    const bool fresh = child == nullptr || again || colon != std::string_view::npos;
    if (fresh) {
      child = &AppendChild(document, *node, name);
    }
    if (fresh && colon != std::string_view::npos) {
      child->type = metadata::Definitions::R4().FindType(step.substr(colon + 1));
    }
    node = child;
    if (last) {
      break;
    }
    path.remove_prefix(dot + 1);
  }
  if (equals == std::string_view::npos) {
    return;
  }
  std::string_view value = line.substr(equals + 2);
  const std::size_t space = value.find(' ');
  const std::string_view kind = value.substr(0, space);
  document.SetValue(*node, value.substr(space + 1));
  if (kind == "string") {
    node->kind = model::ValueKind::kString;
  } else if (kind == "number") {
    node->kind = model::ValueKind::kNumber;
  } else if (kind == "boolean") {
    node->kind = model::ValueKind::kBoolean;
  }
}

}  // namespace fhir::validation
