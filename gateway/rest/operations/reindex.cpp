// $reindex: index rows made anew out of what is stored, by an operator alone. Of one resource at once; of a type or of
// the system in the background: 202, and the place where to ask how far it is. The standard has no such operation.
//
// `url` names search parameters by their canonical URL; without one, all are meant. Other servers take searches there:
// "Patient?" is understood as the type, and one with criteria is refused.
#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/reindexing.hpp"
#include "fhir/operation_outcome/operation_outcome.hpp"
#include "gateway/rest/accept_job.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/parameters.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest::operations {
namespace {

namespace port = adapters::port;

constexpr ParameterRow kReindexParameters[] = {
    {.name = "url", .repeats = true},
};
constexpr std::int64_t kKnownAfterwardsMs = 24 * 3'600'000;

fhir::Result<void> CheckMayReindex(const Call& call) {
  const port::PartyKind kind = call.actor.kind;
  // Open mode is the developer's own machine.
  if (kind != port::PartyKind::kOperator && kind != port::PartyKind::kSystem && kind != port::PartyKind::kOpen) {
    return fhir::Fail(fhir::ErrorCode::kForbidden, "only an operator may have the index made anew");
  }
  return {};
}

/// What the parameters and the path ask for.
fhir::Result<port::ReindexOrder> OrderOf(const Call& call, const Parameters& parameters) {
  port::ReindexOrder order;
  if (call.type != fhir::metadata::kNoType) {
    order.types.push_back(call.type);
  }
  for (const std::string_view url : parameters.Texts("url")) {
    const std::size_t question = url.find('?');
    const auto type = question == std::string_view::npos ? fhir::metadata::kNoType
                                                         : call.definitions().FindType(url.substr(0, question));
    if (!call.definitions().IsResource(type)) {
      order.urls.emplace_back(url);
      continue;
    }
    if (question + 1 != url.size()) {
      return parameters.Refuse(fhir::ErrorCode::kUnsupported, "url",
                               "a type is reindexed whole: no criteria are taken");
    }
    if (call.type != fhir::metadata::kNoType && call.type != type) {
      return parameters.Refuse(fhir::ErrorCode::kMalformed, "url", "the path names another type");
    }
    if (std::ranges::find(order.types, type) == order.types.end()) {
      order.types.push_back(type);
    }
  }
  return order;
}

}  // namespace

fhir::Result<http::Response> Reindex(Call& call) {
  GW_TRY(CheckMayReindex(call));
  port::Reindexing* const reindexing = call.service.ports().operations.reindexing;
  if (reindexing == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
  }
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kReindexParameters));
  GW_ASSIGN(const port::ReindexOrder order, OrderOf(call, parameters));
  if (!call.id.empty()) {
    for (int attempt = 1;; ++attempt) {
      const auto done = reindexing->ReindexOne(call.type, call.id, order.urls);
      if (done) {
        break;
      }
      const bool again = done.error().retry == fhir::Retry::kLater && done.error().code == fhir::ErrorCode::kConflict &&
                         attempt < call.options().attempts_max;
      if (!again) {
        return std::unexpected(done.error());
      }
    }
    return JsonResponse(call, 200, fhir::operation_outcome::ToOperationOutcome("reindexed"));
  }
  GW_ASSIGN(std::string text, reindexing->ParametersOf(order));
  return AcceptJob(call, {.kind = std::string(port::kReindexJob),
                          .owner = port::OwnerOf(call.actor),
                          .parameters = std::move(text),
                          .lifetime_ms = kKnownAfterwardsMs});
}

}  // namespace gateway::rest::operations
