// What the form of SNOMED CT identifiers and expressions tells without the terminology itself.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

namespace fhir::validation {

inline constexpr std::string_view kSnomedSystem = "http://snomed.info/sct";

/// Whether this may be an identifier: 6 to 18 digits, no zero first, a check digit after Verhoeff.
/// Source: https://confluence.ihtsdotools.org/display/DOCRELFMT/6+SNOMED+CT+Identifiers
bool IsSnomedIdentifier(std::string_view text);

/// Nothing when the text is an expression of the Expression Constraint Language in its short form; else the byte where
/// it stops being one. Filters ("{{ … }}") are looked over, not into. Cost: O(bytes), at most 50 parentheses deep.
/// Source: https://confluence.ihtsdotools.org/display/DOCECL
std::optional<std::size_t> FirstEclError(std::string_view text);

}  // namespace fhir::validation
