#include "gateway/rest/accept_job.hpp"

#include <fmt/format.h>

#include "fhir/operation_outcome/operation_outcome.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest {

std::string JobUrl(const RestOptions& options, std::string_view job_id) {
  return fmt::format("{}/_job/{}", options.base_url, job_id);
}

fhir::Result<http::Response> AcceptJob(Call& call, const adapters::port::NewJob& job) {
  adapters::port::Jobs* jobs = call.service.ports().operations.jobs;
  if (jobs == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does no work in the background");
  }
  GW_ASSIGN(const std::string id, jobs->Add(job));
  http::Response response = JsonResponse(
      call, 202,
      call.issues.empty() ? fhir::operation_outcome::ToOperationOutcome("accepted: ask at the Content-Location")
                          : fhir::operation_outcome::ToOperationOutcome(call.issues));
  response.headers.Add("Content-Location", JobUrl(call.options(), id));
  return response;
}

}  // namespace gateway::rest
