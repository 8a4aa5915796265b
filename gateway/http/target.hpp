// Percent-decoding and query parsing, in this one place, with strict errors.
#pragma once

#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "gateway/http/message.hpp"

namespace gateway::http {

struct Target {
  std::string path;  ///< decoded, begins with '/'
  Pairs query;
};

/// Reads the request target in origin form.
/// Errors: kMalformed for a bad escape, an encoded NUL or control character, bytes that are not UTF-8 once decoded,
///         an encoded '/' inside a segment, a "." or ".." segment, or a fragment; kTooLarge past query_parameters_max.
/// Source: https://www.rfc-editor.org/rfc/rfc9112#section-3.2.1, https://www.rfc-editor.org/rfc/rfc3986#section-3
fhir::Result<Target> ParseTarget(std::string_view target, std::size_t query_parameters_max = 1000);

/// Reads "a=1&b=2" of a query or of an application/x-www-form-urlencoded body; '+' is a space.
/// Errors: as ParseTarget.
fhir::Result<Pairs> ParseQuery(std::string_view text, std::size_t parameters_max = 1000);

/// Decodes %XX; '+' only when asked. Errors: kMalformed as above.
fhir::Result<std::string> PercentDecode(std::string_view text, bool plus_is_space);

/// Encodes all but unreserved characters.
std::string PercentEncode(std::string_view text);

}  // namespace gateway::http
