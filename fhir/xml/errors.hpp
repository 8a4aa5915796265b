// Failures of reading XML, in one form: what was expected, then the place.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace fhir::xml {

/// "not valid XML: <problem> at line 3, column 7, byte 120". Cost: O(offset), for the line.
Error MalformedAt(std::string_view problem, std::string_view text, std::size_t offset);
/// "<problem> at line 3, column 7, byte 120".
Error TooLargeAt(std::string_view problem, std::string_view text, std::size_t offset, std::string expression = {});

}  // namespace fhir::xml
