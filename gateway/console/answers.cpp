#include "gateway/console/answers.hpp"

#include <utility>

#include "adapters/port/actor.hpp"

namespace gateway::console {
namespace {

bool MayOperate(const http::Request& request) {
  return request.actor != nullptr && (request.actor->kind == adapters::port::PartyKind::kOperator ||
                                      request.actor->kind == adapters::port::PartyKind::kOpen ||
                                      request.actor->kind == adapters::port::PartyKind::kSystem);
}

}  // namespace

http::Response Json(std::string body) {
  http::Response response;
  response.headers.Add("Content-Type", "application/json");
  response.headers.Add("Cache-Control", "no-store");
  response.body = std::move(body);
  return response;
}

http::Response Refusal(const fhir::Error& error) {
  const int status = error.code == fhir::ErrorCode::kNotFound      ? 404
                     : error.code == fhir::ErrorCode::kConflict    ? 409
                     : error.code == fhir::ErrorCode::kUnavailable ? 503
                     : error.code == fhir::ErrorCode::kInvalid     ? 400
                     : error.code == fhir::ErrorCode::kMalformed   ? 400
                                                                   : 500;
  return http::ErrorResponse(status, error.code, error.public_text.text, http::DefaultErrorBody);
}

http::Handler ForOperators(http::Handler endpoint) {
  return [endpoint = std::move(endpoint)](http::Request& request) {
    if (!MayOperate(request)) {
      return http::ErrorResponse(403, fhir::ErrorCode::kForbidden, "only operators may see messages",
                                 http::DefaultErrorBody);
    }
    return endpoint(request);
  };
}

}  // namespace gateway::console
