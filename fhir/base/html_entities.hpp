// The named characters of HTML 4, which narratives in JSON may use and XML documents may not.
#pragma once

#include <string_view>

namespace fhir {

/// The character of a named entity of HTML ("nbsp" → U+00A0), or 0. The five of XML (amp, lt, gt, quot, apos) are
/// among them. Cost: a binary search.
/// Source: https://www.w3.org/TR/html401/sgml/entities.html
char32_t HtmlEntity(std::string_view name);

}  // namespace fhir
