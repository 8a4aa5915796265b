// ErrorCode → HTTP status, in this one table. Source: https://hl7.org/fhir/R4/http.html
#pragma once

#include <optional>

#include "fhir/base/error.hpp"

namespace gateway::rest {

/// Status of a code; nullopt only for a code without a row, which a test forbids.
std::optional<int> FindStatus(fhir::ErrorCode code);

/// As FindStatus, 500 without a row.
int StatusOf(fhir::ErrorCode code);

}  // namespace gateway::rest
