// Base64 with the alphabet for URLs and without padding, as tokens and cursors use it.
#pragma once

#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace gateway::access::crypto {

/// Source: https://www.rfc-editor.org/rfc/rfc4648#section-5, without padding.
std::string EncodeBase64Url(std::string_view bytes);

/// Errors: kMalformed for characters of another alphabet, padding, or stray bits.
fhir::Result<std::string> DecodeBase64Url(std::string_view text);

}  // namespace gateway::access::crypto
