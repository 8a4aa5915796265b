// The beginning and the end of the asynchronous pattern: 202 with the place where to ask how far it is.
// Source: https://hl7.org/fhir/R4/async.html
#pragma once

#include <string>
#include <string_view>

#include "adapters/port/jobs.hpp"
#include "gateway/rest/call.hpp"

namespace gateway::rest {

/// "https://host/fhir/_job/ID".
std::string JobUrl(const RestOptions& options, std::string_view job_id);

/// Adds the job and answers 202 with Content-Location. Errors: those of Jobs::Add; kUnsupported without a port.
fhir::Result<http::Response> AcceptJob(Call& call, const adapters::port::NewJob& job);

}  // namespace gateway::rest
