// The interactions of the REST API, one file each. Registered in routes.cpp.
// Errors of all: become an OperationOutcome with the status of error_status.cpp.
#pragma once

#include "gateway/rest/call.hpp"

namespace gateway::rest {

fhir::Result<http::Response> Capabilities(Call& call);
fhir::Result<http::Response> Read(Call& call);
fhir::Result<http::Response> VersionRead(Call& call);
fhir::Result<http::Response> Create(Call& call);
fhir::Result<http::Response> Update(Call& call);
fhir::Result<http::Response> UpdateConditional(Call& call);
fhir::Result<http::Response> Patch(Call& call);
fhir::Result<http::Response> PatchConditional(Call& call);
fhir::Result<http::Response> Delete(Call& call);
fhir::Result<http::Response> DeleteConditional(Call& call);
fhir::Result<http::Response> HistoryInstance(Call& call);
fhir::Result<http::Response> HistoryType(Call& call);
fhir::Result<http::Response> HistorySystem(Call& call);
fhir::Result<http::Response> SearchWithinType(Call& call);
fhir::Result<http::Response> SearchSystem(Call& call);
fhir::Result<http::Response> SearchCompartment(Call& call);
/// What is wrong with the parameters of a search within the type of the call, before anything is done for it.
fhir::Result<void> CheckSearch(Call& call, const http::Pairs& parameters);
/// Bundles of type transaction and batch.
fhir::Result<http::Response> Transaction(Call& call);

/// What became of work in the background, its end at the owner's wish, and the files it hands out.
fhir::Result<http::Response> JobStatus(Call& call);
fhir::Result<http::Response> JobCancel(Call& call);
fhir::Result<http::Response> JobFile(Call& call);

}  // namespace gateway::rest
