// Whether a family of rules is applied.
#pragma once

#include <cstdint>

namespace fhir::validation {

enum class Checking : std::uint8_t { kOff, kOn };

}  // namespace fhir::validation
