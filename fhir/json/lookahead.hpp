// Finds the resourceType of an object whose other members come first.
#pragma once

#include <cstddef>
#include <string_view>

namespace fhir::json {

struct Lookahead {
  std::string_view resource_type;  ///< empty when the object has none
  std::size_t bytes = 0;           ///< how far was looked
};

/// Looks for "resourceType" among the members of an object; `start` is just behind its opening brace. The text
/// need not be valid JSON: the real reading finds that out. Cost: O(bytes of the object).
Lookahead FindResourceType(std::string_view text, std::size_t start);

}  // namespace fhir::json
