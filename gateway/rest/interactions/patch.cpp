// PATCH [type]/[id] and PATCH [type]?condition (exactly one match). Source: https://hl7.org/fhir/R4/http.html#patch
#include <optional>
#include <utility>

#include "gateway/rest/body.hpp"
#include "gateway/rest/commit.hpp"
#include "gateway/rest/etag.hpp"
#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/patch_body.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest {
namespace {

namespace port = adapters::port;

fhir::Result<http::Response> PatchBy(Call& call, bool conditional) {
  GW_ASSIGN(port::Outcome outcome, CommitOne(call, [&]() -> fhir::Result<port::Change> {
              port::Change change;
              change.verb = port::Verb::kPatch;
              change.type = call.type;
              change.id = call.id;
              GW_ASSIGN(change.if_match, ParseTags("If-Match", call.request.headers.Get("If-Match")));
              if (conditional) {
                GW_ASSIGN(change.condition, ReadCondition(call, ConditionText(call.request)));
                if (!change.condition) {
                  return fhir::Fail(fhir::ErrorCode::kMalformed,
                                    "a patch without an id in the path needs search parameters");
                }
              }
              GW_ASSIGN(change.patch, ReadPatchBody(call));
              return change;
            }));
  return WriteResponse(call, std::move(outcome));
}

}  // namespace

fhir::Result<http::Response> Patch(Call& call) {
  return PatchBy(call, false);
}

fhir::Result<http::Response> PatchConditional(Call& call) {
  return PatchBy(call, true);
}

}  // namespace gateway::rest
