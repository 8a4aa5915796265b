// GET /metadata. Source: https://hl7.org/fhir/R4/http.html#capabilities
#include "gateway/rest/convert.hpp"
#include "gateway/rest/etag.hpp"
#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest {

fhir::Result<http::Response> Capabilities(Call& call) {
  const std::string& etag = call.service.capability_etag();
  http::Response response;
  if (NoneMatchNames(call.request.headers.Get("If-None-Match").value_or(""), etag)) {
    response.status = 304;
    AddVaryAccept(response);
  } else {
    response = JsonResponse(call, 200, call.service.capability_statement());
  }
  response.headers.Add("ETag", etag);
  return response;
}

}  // namespace gateway::rest
