// Text as XML holds it.
#pragma once

#include <string>
#include <string_view>

namespace fhir::xml {

/// Appends the content of an attribute between double quotes. TAB, LF and CR become references, since a reader would
/// make spaces of them; characters that XML cannot hold become U+FFFD.
/// Source: https://www.w3.org/TR/xml/#AVNormalize, https://www.w3.org/TR/xml/#charsets
void AppendAttributeText(std::string& out, std::string_view text);

/// Appends a narrative as it stands, the entities of HTML as characters; as text in a <div> when it is not well-formed.
void AppendNarrative(std::string& out, std::string_view div);

}  // namespace fhir::xml
