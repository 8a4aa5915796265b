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

/// ValueSet/$expand, by url, inline, or of a stored one.
fhir::Result<http::Response> Expand(Call& call);
/// $validate-code of ValueSet and of CodeSystem.
fhir::Result<http::Response> ValidateCodeInValueSet(Call& call);
fhir::Result<http::Response> ValidateCodeInCodeSystem(Call& call);
/// CodeSystem/$lookup and CodeSystem/$subsumes.
fhir::Result<http::Response> Lookup(Call& call);
fhir::Result<http::Response> Subsumes(Call& call);
/// ConceptMap/$translate.
fhir::Result<http::Response> Translate(Call& call);

}  // namespace gateway::rest::operations
