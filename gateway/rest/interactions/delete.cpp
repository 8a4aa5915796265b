// DELETE [type]/[id] and DELETE [type]?condition (one match or several, by setting).
// Source: https://hl7.org/fhir/R4/http.html#delete
#include <fmt/format.h>

#include <optional>
#include <string>
#include <utility>

#include "fhir/operation_outcome/operation_outcome.hpp"
#include "gateway/rest/body.hpp"
#include "gateway/rest/commit.hpp"
#include "gateway/rest/etag.hpp"
#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/offered.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest {
namespace {

namespace port = adapters::port;

fhir::Result<http::Response> DeleteBy(Call& call, bool conditional) {
  auto outcome = CommitOne(call, [&]() -> fhir::Result<port::Change> {
    port::Change change;
    change.verb = port::Verb::kDelete;
    change.type = call.type;
    change.id = call.id;
    GW_ASSIGN(change.if_match, ParseTags("If-Match", call.request.headers.Get("If-Match")));
    if (conditional) {
      GW_ASSIGN(change.condition, ReadCondition(call, ConditionText(call.request)));
      if (!change.condition) {
        return fhir::Fail(fhir::ErrorCode::kMalformed, "a delete without an id in the path needs search parameters");
      }
    }
    GW_TRY(HoldToOffer(call.options(), change));
    return change;
  });
  // Deleting what is not there, or no longer, is done already.
  const bool absent = !outcome && (outcome.error().code == fhir::ErrorCode::kNotFound ||
                                   outcome.error().code == fhir::ErrorCode::kGone);
  if (!outcome && !absent) {
    return std::unexpected(std::move(outcome).error());
  }
  call.audit_after = call.audit_after || absent;
  http::Response response;
  if (call.preferences.result == PreferReturn::kOperationOutcome) {
    const std::size_t deleted = outcome ? outcome->deleted : 0;
    response = JsonResponse(call, 200,
                            fhir::operation_outcome::ToOperationOutcome(
                                deleted == 0 ? std::string("nothing was there to be deleted")
                                             : fmt::format("{} resource{} deleted", deleted, deleted == 1 ? "" : "s")));
  } else {
    response.status = 204;
  }
  if (outcome && outcome->deleted == 1) {
    response.headers.Add("ETag", FormatEtag(outcome->resource.version));
  }
  return response;
}

}  // namespace

fhir::Result<http::Response> Delete(Call& call) {
  return DeleteBy(call, false);
}

fhir::Result<http::Response> DeleteConditional(Call& call) {
  return DeleteBy(call, true);
}

}  // namespace gateway::rest
