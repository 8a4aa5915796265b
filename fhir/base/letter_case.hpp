// Capital and small letters of all scripts, the same in every locale.
#pragma once

#include <string>
#include <string_view>

namespace fhir {

/// The text in small or capital letters: "É" ↔ "é", "ß" → "SS". Shape: UTF-8. Cost: O(bytes); ASCII takes a fast path.
/// Source: https://www.unicode.org/versions/latest/ chapter 3.13, default case conversion.
std::string ToLowerCase(std::string_view utf8);
std::string ToUpperCase(std::string_view utf8);

}  // namespace fhir
