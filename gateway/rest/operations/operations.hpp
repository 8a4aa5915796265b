// Extended operations. One file each; a row in routes.cpp makes one reachable, CapabilityStatement lists it from there.
// Source: https://hl7.org/fhir/R4/operations.html
#pragma once

#include "gateway/rest/call.hpp"

namespace gateway::rest::operations {

/// [type]/$validate and [type]/[id]/$validate: the resource itself, or Parameters with it as `resource`, with `mode`
/// and `profile` there or in the query; without one, the stored resource of that id. Answers 200 and an
/// OperationOutcome. create, update and delete are tried in a transaction that is not committed. Source:
/// https://hl7.org/fhir/R4/resource-operation-validate.html
fhir::Result<http::Response> Validate(Call& call);

}  // namespace gateway::rest::operations
