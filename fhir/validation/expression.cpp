#include "fhir/validation/expression.hpp"

#include <cstddef>

#include <fmt/format.h>

namespace fhir::validation {
namespace {

std::size_t IndexAmongSiblings(const model::Node& node) {
  std::size_t index = 0;
  for (const model::Node* sibling = node.parent->first_child; sibling != &node; sibling = sibling->next) {
    if (sibling->name == node.name) {
      ++index;
    }
  }
  return index;
}

}  // namespace

std::string ExpressionOf(const model::Node& node) {
  if (node.parent == nullptr) {
    return std::string(node.name);
  }
  std::string expression = ExpressionOf(*node.parent);
  const metadata::ElementRow* row = node.row;
  if (row == nullptr) {
    return expression += fmt::format(".{}", node.name);
  }
  const metadata::Definitions& definitions = metadata::Definitions::R4();
  expression += fmt::format(".{}", definitions.Text(row->base_name));
  if (row->flags & metadata::kElementChoice) {
    return expression += fmt::format(".ofType({})", definitions.TypeName(row->type));
  }
  if (row->repeats) {
    expression += fmt::format("[{}]", IndexAmongSiblings(node));
  }
  return expression;
}

}  // namespace fhir::validation
