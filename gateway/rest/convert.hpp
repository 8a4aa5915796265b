// FHIR JSON of our own in the form a client asked for.
#pragma once

#include <string>

#include "gateway/http/message.hpp"
#include "gateway/rest/content.hpp"

namespace gateway::rest {

/// Writes `json`, a resource, as the representation says: as it is, indented, or as XML.
/// Cost:   none for compact JSON; else the text is read and written.
/// Errors: kInternal when the text is no FHIR JSON, which nothing of ours is.
fhir::Result<std::string> Convert(std::string json, const Representation& representation);

/// An error that was made before a route was found, as FHIR JSON: gives it the form that the request asks for. Leaves
/// every other response as it is.
void AdaptError(const http::Request& request, http::Response& response);

/// AdaptError around everything that answers.
http::Handler AdaptErrors(http::Handler next);

/// Says that the answer depends on Accept, for caches between us and the client.
void AddVaryAccept(http::Response& response);

}  // namespace gateway::rest
