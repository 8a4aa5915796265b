// PUT [type]/[id] and PUT [type]?condition. Source: https://hl7.org/fhir/R4/http.html#update
#include <utility>

#include "gateway/rest/body.hpp"
#include "gateway/rest/commit.hpp"
#include "gateway/rest/etag.hpp"
#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/offered.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest {
namespace {

namespace port = adapters::port;

/// The standard has a status of its own for an update that would create where clients do not choose ids.
/// Source: https://hl7.org/fhir/R4/http.html#upsert
fhir::Result<http::Response> AnswerUpdate(Call& call, fhir::Result<port::Outcome> outcome) {
  if (outcome) {
    return WriteResponse(call, *std::move(outcome));
  }
  if (outcome.error().code != fhir::ErrorCode::kNotFound || call.options().update_create) {
    return std::unexpected(std::move(outcome).error());
  }
  http::Response response = ErrorResponse(call, outcome.error());
  response.status = 405;
  response.headers.Add("Allow", call.id.empty() ? "GET, HEAD, POST, PUT, DELETE" : "GET, HEAD, PATCH, DELETE");
  return response;
}

}  // namespace

fhir::Result<http::Response> Update(Call& call) {
  auto outcome = CommitOne(call, [&]() -> fhir::Result<port::Change> {
    GW_ASSIGN(fhir::model::Document document, ReadTypedResource(call));
    if (document.id() != call.id) {
      auto failure = fhir::Fail(fhir::ErrorCode::kMalformed, "the id in the body must be the id in the path");
      failure.error().expression = std::string(call.type_name()) + ".id";
      return failure;
    }
    port::Change change;
    change.verb = port::Verb::kUpdate;
    change.type = call.type;
    change.id = call.id;
    GW_TRY(ReadPreconditions(call.request.headers, change));
    GW_TRY(HoldToOffer(call.options(), change));
    change.resource.emplace(std::move(document));
    return change;
  });
  return AnswerUpdate(call, std::move(outcome));
}

fhir::Result<http::Response> UpdateConditional(Call& call) {
  auto outcome = CommitOne(call, [&]() -> fhir::Result<port::Change> {
    port::Change change;
    change.verb = port::Verb::kUpdate;
    change.type = call.type;
    GW_ASSIGN(change.condition, ReadCondition(call, ConditionText(call.request)));
    if (!change.condition) {
      return fhir::Fail(fhir::ErrorCode::kMalformed, "an update without an id in the path needs search parameters");
    }
    GW_TRY(ReadPreconditions(call.request.headers, change));
    GW_ASSIGN(fhir::model::Document document, ReadTypedResource(call));
    GW_TRY(HoldToOffer(call.options(), change));
    change.resource.emplace(std::move(document));
    return change;
  });
  return AnswerUpdate(call, std::move(outcome));
}

}  // namespace gateway::rest
