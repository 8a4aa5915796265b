// What a scan of JSON may complain about, and the way around numbers that RapidJSON finds too big.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace fhir::json {

Error MalformedAt(std::string_view problem, std::size_t offset);
/// A limit that was passed at a place; `expression` may be empty.
Error TooLargeAt(std::string_view what, std::size_t offset, std::string expression);
/// What stands at the top is no resource.
Error RootError(std::string_view problem, std::size_t offset);
/// Our words for a rapidjson::ParseErrorCode.
const char* SyntaxProblem(int parse_error_code);

/// Size and encoding, before anything is parsed.
std::optional<Error> CheckBytes(std::string_view text, std::size_t bytes_max);

/// The text with every number outside strings that a double may not hold replaced by a small one of the same length.
std::string MaskBigNumbers(std::string_view text);

}  // namespace fhir::json
