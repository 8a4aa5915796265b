// Checks of narratives, from their bytes alone. Not an XML parser: it knows the little XML that a narrative is made of,
// keeps out what could do harm in a browser, and what would break a document that the narrative is copied into.
#pragma once

#include <string_view>

namespace fhir {

/// What is wrong with a narrative, for people; empty when nothing is.
/// Shape:  one <div> in the XHTML namespace, tags balanced and at most 100 deep, elements and attributes of the
///         formatting chapters of HTML alone, no event attributes or scripting links, no DOCTYPE, CDATA or processing
///         instruction, entities of XML and HTML 4, some content.
/// Cost:   O(bytes), no allocation.
/// Source: https://hl7.org/fhir/R4/narrative.html#xhtml, constraints txt-1 and txt-2
std::string_view XhtmlProblem(std::string_view text);

/// What keeps a text from being one well-formed <div> element that may be copied into an XML document as it stands, but
/// for the entities of HTML, which XML does not know; empty when nothing does. Says nothing of allowed elements.
/// Cost: as XhtmlProblem.
std::string_view XhtmlSyntaxProblem(std::string_view text);

}  // namespace fhir
