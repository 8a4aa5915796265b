// Extended operations. One file each; a row in routes.cpp makes one reachable, CapabilityStatement lists it from there.
// Source: https://hl7.org/fhir/R4/operations.html
#pragma once

#include "gateway/rest/call.hpp"

namespace gateway::rest::operations {

/// POST [type]/$validate: the resource itself or Parameters with it as `resource`; answers 200 and an OperationOutcome.
/// Source: https://hl7.org/fhir/R4/resource-operation-validate.html
fhir::Result<http::Response> Validate(Call& call);

}  // namespace gateway::rest::operations
