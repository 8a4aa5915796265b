#include "fhir/model/path.hpp"

#include <cstddef>
#include <iterator>

#include <fmt/format.h>

namespace fhir::model {

std::string PathOf(const Node& node) {
  if (node.parent == nullptr) {
    return std::string(node.name);
  }
  std::string text = PathOf(*node.parent);
  text += '.';
  text += node.row != nullptr ? metadata::Definitions::R4().Text(node.row->base_name) : node.name;
  if (node.row != nullptr && node.row->repeats != 0) {
    std::size_t index = 0;
    for (const Node* at = node.parent->first_child; at != &node; at = at->next) {
      index += at->row == node.row ? 1 : 0;
    }
    fmt::format_to(std::back_inserter(text), "[{}]", index);
  }
  return text;
}

}  // namespace fhir::model
