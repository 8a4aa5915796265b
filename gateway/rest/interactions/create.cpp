// POST [type], with If-None-Exist. Source: https://hl7.org/fhir/R4/http.html#create
#include <utility>

#include "gateway/rest/body.hpp"
#include "gateway/rest/commit.hpp"
#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/offered.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest {

namespace port = adapters::port;

fhir::Result<http::Response> Create(Call& call) {
  GW_ASSIGN(port::Outcome outcome, CommitOne(call, [&]() -> fhir::Result<port::Change> {
              GW_ASSIGN(fhir::model::Document document, ReadTypedResource(call));
              // The server gives the id, whatever the client wrote.
              document.RemoveAll(document.root(), "id");
              port::Change change;
              change.verb = port::Verb::kCreate;
              change.type = call.type;
              GW_ASSIGN(change.condition, ReadCondition(call, call.request.headers.Get("If-None-Exist").value_or("")));
              GW_TRY(HoldToOffer(call.options(), change));
              change.resource.emplace(std::move(document));
              return change;
            }));
  return WriteResponse(call, std::move(outcome));
}

}  // namespace gateway::rest
