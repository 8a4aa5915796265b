// A request that need not be answered at once (Prefer: respond-async) becomes a job, whose result is a Bundle with the
// answer. Source: https://hl7.org/fhir/R4/async.html; the Bundle is that of https://hl7.org/fhir/async-bundle.html
#pragma once

#include <memory>

#include "adapters/port/jobs.hpp"
#include "gateway/rest/call.hpp"
#include "gateway/rest/routes.hpp"

namespace gateway::rest {

/// Whether a request of the row may be answered later: what reads, a search by POST included, and is no job itself.
/// Not for an entry of a Bundle, whose answer the Bundle waits for.
bool MayAnswerLater(const RouteRow& row, const http::Request& request);

/// 202 with the place of the job.
fhir::Result<http::Response> AnswerLater(Call& call);

/// The kind of job that AnswerLater asks for. `service` is kept alive by it.
std::unique_ptr<adapters::port::JobKind> MakeRequestJob(std::shared_ptr<const Service> service,
                                                        adapters::port::ActorOfOwner actor_of);

}  // namespace gateway::rest
