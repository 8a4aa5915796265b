// Checks of narratives, from their bytes alone. Not an XML parser: it knows the little XML that a narrative is made of,
// keeps out what could do harm in a browser, and what would break a document that the narrative is copied into.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace fhir {

enum class XhtmlRules : unsigned char {
  kNarrative,  ///< all of them: constraints txt-1 and txt-2
  kMarkup,     ///< an empty narrative is good as well
  kSyntax,     ///< any elements and attributes: it may stand in an XML document once HTML's entities are resolved
};

/// What is wrong with a narrative, for people; empty when nothing is.
/// Shape:  one <div> in the XHTML namespace, tags balanced and at most 100 deep, elements and attributes of the
///         formatting chapters of HTML alone, no event attributes or scripting links, no DOCTYPE, CDATA or processing
///         instruction, entities of XML and HTML 4, some content.
/// Cost:   O(bytes), no allocation.
/// Source: https://hl7.org/fhir/R4/narrative.html#xhtml
std::string_view XhtmlProblem(std::string_view text, XhtmlRules rules = XhtmlRules::kNarrative);

/// The same with its place.
struct XhtmlFault {
  std::string_view expected;   ///< as XhtmlProblem says it; empty when nothing is wrong
  std::string_view element;    ///< the tag it is in, of the text; empty outside of tags
  std::string_view attribute;  ///< the attribute it is in, of the text; empty outside of attributes
  std::size_t offset = 0;      ///< where the tag, the attribute or the character stands in the text
};
XhtmlFault FirstXhtmlFault(std::string_view text, XhtmlRules rules = XhtmlRules::kNarrative);

/// For people: "expected no event attributes (onclick of <p>, byte 42 of the narrative)". Long names are cut.
std::string Describe(const XhtmlFault& fault);

}  // namespace fhir
