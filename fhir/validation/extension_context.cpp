#include "fhir/validation/extension_context.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using metadata::TypeId;
using model::Node;

/// The abstract types that extensions name and that the tables do not put above all that R5 does.
bool IsAbstractContext(const Node& place, std::string_view name) {
  const bool resource = Definitions::R4().IsResource(place.type);
  if (name == "Element") {
    return true;  // extensions of resources too are defined on Element where they may stand anywhere
  }
  if (name == "Base" || name == "Resource") {
    return name == "Base" || resource;
  }
  if (name == "CanonicalResource" || name == "MetadataResource") {
    return resource && Definitions::R4().FindChild(place.type, "url") != nullptr;
  }
  return false;
}

std::string_view WithoutChoice(std::string_view path) {
  return path.ends_with("[x]") ? path.substr(0, path.size() - 3) : path;
}

/// Whether the steps of `path` lead from a type to the element, read from their end.
bool EndsAt(const Node* node, std::string_view path) {
  const Definitions& definitions = Definitions::R4();
  while (node != nullptr) {
    const std::size_t dot = path.rfind('.');
    const TypeId named = definitions.FindType(path);
    if (named != metadata::kNoType && node->type != metadata::kNoType && definitions.IsA(node->type, named)) {
      return true;
    }
    if (dot == std::string_view::npos || node->row == nullptr) {
      return false;
    }
    const std::string_view step = WithoutChoice(path.substr(dot + 1));
    if (definitions.Text(node->row->base_name) != step && node->name != step) {
      return false;
    }
    path = path.substr(0, dot);
    node = node->parent;
  }
  return false;
}

}  // namespace

bool IsElementContext(const Node& place, std::string_view expression) {
  if (const std::size_t hash = expression.find('#'); hash != std::string_view::npos) {
    expression = expression.substr(hash + 1);
  }
  return IsAbstractContext(place, expression) || EndsAt(&place, expression);
}

}  // namespace fhir::validation
