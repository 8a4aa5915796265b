// Responses around stored bytes: headers from the row, the body spliced in as it is.
#pragma once

#include <string>
#include <string_view>

#include "adapters/port/unit_of_work.hpp"
#include "gateway/rest/call.hpp"

namespace gateway::rest {

/// 200 or 201 with the resource, ETag and Last-Modified. Cost: no parsing unless XML or _pretty is asked for.
http::Response ResourceResponse(const Call& call, int status, adapters::port::StoredResource resource);

/// The answer to a write, by Prefer: the resource, nothing, or an OperationOutcome.
http::Response WriteResponse(Call& call, adapters::port::Outcome outcome);

/// Any FHIR JSON: Bundles, OperationOutcomes. It is sent in the form the client asked for.
http::Response JsonResponse(const Call& call, int status, std::string body);

/// An error as OperationOutcome, with the issues found so far; Retry-After on 503.
/// What an error says, as the JSON of an OperationOutcome; in a Bundle's entry, with the entry's place in every
/// expression.
std::string ErrorOutcome(const Call& call, fhir::Error error);
http::Response ErrorResponse(const Call& call, const fhir::Error& error);

/// "https://host/fhir/Patient/1".
std::string FullUrl(const RestOptions& options, std::string_view type_name, std::string_view id);

}  // namespace gateway::rest
