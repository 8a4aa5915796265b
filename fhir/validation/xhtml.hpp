// A light check of narratives. Not an XML parser: it keeps out what could do harm in a browser or break a document that
// the narrative is copied into; the XML reader checks the rest.
#pragma once

#include <string_view>

namespace fhir::validation {

/// What is wrong with a narrative, for people; empty when nothing is.
/// Shape:  one <div> in the XHTML namespace, tags balanced and at most 100 deep, elements of the formatting chapters of
///         HTML alone, no event attributes or scripting links, no DOCTYPE, CDATA or processing instruction, some
///         content.
/// Cost:   O(bytes), no allocation.
/// Source: https://hl7.org/fhir/R4/narrative.html#xhtml
std::string_view XhtmlProblem(std::string_view text);

}  // namespace fhir::validation
