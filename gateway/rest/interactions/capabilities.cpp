// GET /metadata. Source: https://hl7.org/fhir/R4/http.html#capabilities
#include <algorithm>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "gateway/rest/capability_statement.hpp"
#include "gateway/rest/conditional_read.hpp"
#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/respond.hpp"
#include "gateway/rest/subset.hpp"

namespace gateway::rest {
namespace {

/// `current` keeps the one that may be replaced.
fhir::Result<const Statement*> StatementOfMode(const Call& call, std::shared_ptr<const Statement>& current) {
  const std::string_view mode = call.request.QueryValue("mode").value_or("full");
  if (mode == "full" || mode.empty()) {
    current = call.service.capability_statement();
    return current.get();
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
  std::shared_ptr<const Statement> current;
  GW_ASSIGN(const Statement* statement, StatementOfMode(call, current));
  const std::int64_t changed_us = std::max(call.service.started_us(), statement->changed_us);
  GW_ASSIGN(const SubsetOptions subset, SubsetOfRead(call.request));
  if (subset.empty()) {
    const Validators validators{statement->etag, changed_us};
    if (auto same = NotModified(call.request, validators)) {
      return *std::move(same);
    }
    http::Response response = JsonResponse(call, 200, statement->json);
    AddValidators(response, validators);
    return response;
  }
  GW_ASSIGN(std::string part, Subset(statement->json, subset, call.definitions(), fhir::Limits{}));
  const Validators validators{EtagOfText(part), changed_us};
  if (auto same = NotModified(call.request, validators)) {
    return *std::move(same);
  }
  http::Response response = JsonResponse(call, 200, std::move(part));
  AddValidators(response, validators);
  return response;
}

}  // namespace gateway::rest
