// Links of a narrative to places of its own document.
// Source: https://hl7.org/fhir/R4/narrative.html#xhtml
#pragma once

#include <cstddef>
#include <string_view>

#include "fhir/model/document.hpp"

namespace fhir::validation {

/// How many links ("<a href="#place">") of a narrative name no place: none of its own elements, of the narratives of
/// the Bundle around it, and no contained resource. Shape:  div is the element Narrative.div.  Cost: a search of the
/// text without such links; else one pass over the
///         narratives for each, at most kLinksMax of them.
std::size_t UnresolvedLinks(const model::Node& div);

inline constexpr std::size_t kLinksMax = 64;

/// Whether an attribute of a narrative in `node`, its sections included, is `link`, such as the source of an image.
bool NarrativesName(const model::Node& node, std::string_view link);

}  // namespace fhir::validation
