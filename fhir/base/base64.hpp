// Base64 as FHIR's base64Binary and HL7 v2's ED type use it: standard alphabet, padding, white space allowed on the way
// in.
#pragma once

#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace fhir {

/// Cost: one pass, one allocation of 4/3 of the input.
std::string EncodeBase64(std::string_view bytes);

/// Shape:  standard alphabet; spaces, tabs and line ends between characters are skipped; padding is required.
/// Cost:   one pass, one allocation of at most 3/4 of the input.
/// Errors: kMalformed for any other character, wrong padding, or bits after the last whole byte.
/// Source: https://www.rfc-editor.org/rfc/rfc4648#section-4, https://hl7.org/fhir/R4/datatypes.html#base64Binary
Result<std::string> DecodeBase64(std::string_view text);

}  // namespace fhir
