// Finds the tags of an XML text before the parser sees it: what the parser would spend too much on is refused here, and
// the places of elements, which it does not tell cheaply, are noted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"

namespace fhir::xml {

/// Byte offsets of an element.
struct TagSpan {
  std::uint32_t begin;    ///< of the '<' of its start tag
  std::uint32_t tag_end;  ///< behind the '>' of its start tag
  std::uint32_t end;      ///< behind its end tag; tag_end for <a/>; 0 when there is none
};

struct TagLimits {
  std::size_t depth_max;
  std::size_t attributes_max;
};

/// The elements in the order of their start tags. A text that is not well-formed is indexed up to where that shows, and
/// refused by the parser, which sees no more of it.
/// Shape:  fewer than 2^32 bytes.  Cost: one pass, no allocation but the result.
/// Errors: kUnsupported for another version or encoding in the declaration, kMalformed for a DOCTYPE, kTooLarge.
Result<std::vector<TagSpan>> IndexTags(std::string_view text, const TagLimits& limits);

/// What stands behind the root element besides white space, comments and instructions; the parser overlooks some of it.
std::optional<Error> CheckTail(std::string_view text, const std::vector<TagSpan>& spans);

/// One attribute of a start tag as it stands in the text.
struct RawAttribute {
  std::string_view name;   ///< with its prefix
  std::string_view value;  ///< between the quotes, references not resolved
};

/// The attributes of a well-formed start tag. `attributes` is cleared first.
void SplitAttributes(std::string_view tag, std::vector<RawAttribute>& attributes);

/// The element's name without its prefix. `tag` starts with its '<'.
std::string_view LocalName(std::string_view tag);

}  // namespace fhir::xml
