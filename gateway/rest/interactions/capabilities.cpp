// GET /metadata. Source: https://hl7.org/fhir/R4/http.html#capabilities
#include <string_view>
#include <utility>

#include "gateway/rest/capability_statement.hpp"
#include "gateway/rest/conditional_read.hpp"
#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/respond.hpp"
#include "gateway/rest/subset.hpp"

namespace gateway::rest {
namespace {

fhir::Result<const Statement*> StatementOfMode(const Call& call) {
  const std::string_view mode = call.request.QueryValue("mode").value_or("full");
  if (mode == "full" || mode.empty()) {
    return &call.service.capability_statement();
  }
  if (mode != "normative" && mode != "terminology") {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "mode is one of full, normative and terminology");
  }
  const Statement* statement = mode == "normative" ? call.service.normative_statement()  //
                                                   : call.service.terminology_capabilities();
  if (statement == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this mode is not offered here");
  }
  return statement;
}

}  // namespace

fhir::Result<http::Response> Capabilities(Call& call) {
  GW_ASSIGN(const Statement* statement, StatementOfMode(call));
  GW_ASSIGN(const SubsetOptions subset, SubsetOfRead(call.request));
  if (subset.empty()) {
    const Validators validators{statement->etag, call.service.started_us()};
    if (auto same = NotModified(call.request, validators)) {
      return *std::move(same);
    }
    http::Response response = JsonResponse(call, 200, statement->json);
    AddValidators(response, validators);
    return response;
  }
  GW_ASSIGN(std::string part, Subset(statement->json, subset, call.definitions(), fhir::Limits{}));
  const Validators validators{EtagOfText(part), call.service.started_us()};
  if (auto same = NotModified(call.request, validators)) {
    return *std::move(same);
  }
  http::Response response = JsonResponse(call, 200, std::move(part));
  AddValidators(response, validators);
  return response;
}

}  // namespace gateway::rest
