// $expunge: takes versions or whole resources away for good, by an operator alone. The standard has no such operation;
// the names of its parameters are those that other servers use.
//
// Of a patient, expungeCompartment answers a lawful request for erasure: everything that is about this patient and
// about no other, in batches that each commit with their audit event, the Patient last. Broken off, it goes on where it
// was when it is asked again, and as a job (Prefer: respond-async) it does so by itself. The audit trail stays: it
// names ids, and the law asks for it.
#include <algorithm>
#include <charconv>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "adapters/port/reference.hpp"
#include "fhir/json/writer.hpp"
#include "gateway/rest/accept_job.hpp"
#include "gateway/rest/expunge_job.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/parameters.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest::operations {
namespace {

namespace port = adapters::port;
using fhir::metadata::TypeId;
using fhir::model::Document;
using fhir::model::Node;

constexpr ParameterRow kExpungeParameters[] = {
    {.name = "limit", .kind = ParameterKind::kPositive},
    {.name = "expungePreviousVersions", .kind = ParameterKind::kBoolean},
    {.name = "expungeDeletedResources", .kind = ParameterKind::kBoolean},
    {.name = "expungeEverything", .kind = ParameterKind::kBoolean},
    {.name = "expungeCompartment", .kind = ParameterKind::kBoolean},
};

constexpr std::int64_t kRowsUsual = 1'000;    // of one request
constexpr std::int64_t kRowsMax = 1'000'000;  // that it may ask for
constexpr std::size_t kBatchRows = 200;       // of one transaction
constexpr std::int64_t kExpungeKnownMs = 24 * 3'600'000;
constexpr std::string_view kAuditTrail = "AuditEvent";
constexpr std::string_view kPerson = "Patient";

/// One request's work: batch after batch until nothing is left or the limit is reached.
class Expunger {
 public:
  Expunger(Call& call, std::int64_t rows_max) : call_(call), actor_(SystemRights(call.actor)), room_(rows_max) {}

  /// Runs batches of this kind until one is not full.
  fhir::Result<void> Run(port::ErasureBatch batch) {
    while (room_ > 0) {
      batch.rows_max = std::min(kBatchRows, static_cast<std::size_t>(room_));
      GW_ASSIGN(const port::ErasureOutcome outcome, Commit(batch));
      if (!outcome.more) {
        return {};
      }
    }
    complete_ = false;
    return {};
  }

  /// Everything about one patient alone, then what was deleted of it, then the Patient.
  fhir::Result<void> RunCompartment(port::ResourceViews& views) {
    port::CompartmentQuery query;
    query.compartment = call_.type;
    query.id = call_.id;
    // Other Patients that link to this one are other records.
    query.left_out = {call_.definitions().FindType(kAuditTrail), call_.type};
    while (true) {
      if (room_ <= 0) {
        complete_ = false;
        return {};
      }
      GW_ASSIGN(const std::vector<port::ResourceKey> keys,
                views.FindOwnMembers(actor_, query, std::min(kBatchRows, static_cast<std::size_t>(room_))));
      if (keys.empty()) {
        break;
      }
      port::ErasureBatch batch{.what = port::Erased::kResources, .with_bytes = true};
      for (const port::ResourceKey& key : keys) {
        batch.keys.emplace_back(key.type, key.id);
      }
      batch.rows_max = batch.keys.size();
      GW_ASSIGN(const port::ErasureOutcome outcome, Commit(batch));
      if (outcome.resources == 0) {
        return fhir::Fail(fhir::ErrorCode::kConflict, "the record changed meanwhile: ask again");
      }
    }
    port::ErasureBatch deleted{.what = port::Erased::kDeletedResources, .with_bytes = true};
    for (const TypeId type : call_.definitions().ResourceTypes()) {
      if (type != call_.type && !call_.definitions().CompartmentParameters(call_.type, type).empty() &&
          type != query.left_out.front()) {
        deleted.types.push_back(type);
      }
    }
    deleted.mentioning = port::MakeReference(call_.type_name(), call_.id);
    GW_TRY(Run(std::move(deleted)));
    if (!complete_) {
      return {};
    }
    return Run({.what = port::Erased::kResources, .keys = {{call_.type, std::string(call_.id)}}, .with_bytes = true});
  }

  std::int64_t versions() const { return versions_; }
  bool complete() const { return complete_; }

 private:
  /// The operator sees no record: the grant to erase is its kind, and the trail names it.
  static port::Actor SystemRights(const port::Actor& actor) {
    port::Actor with_rights = actor;
    auto grants = std::make_shared<port::Grants>();
    grants->unrestricted = true;
    with_rights.grants = std::move(grants);
    return with_rights;
  }

  fhir::Result<port::ErasureOutcome> Commit(const port::ErasureBatch& batch) {
    for (int attempt = 1;; ++attempt) {
      auto outcome = call_.service.ports().operations.eraser->Erase(actor_, batch);
      if (outcome) {
        versions_ += outcome->versions;
        room_ -= std::max(outcome->versions, outcome->resources);
        return outcome;
      }
      const bool again = outcome.error().retry == fhir::Retry::kLater &&
                         outcome.error().code == fhir::ErrorCode::kConflict && attempt < call_.options().attempts_max;
      if (!again) {
        return outcome;
      }
    }
  }

  Call& call_;
  const port::Actor actor_;
  std::int64_t room_;
  std::int64_t versions_ = 0;
  bool complete_ = true;
};

fhir::Result<void> CheckMayExpunge(const Call& call) {
  const port::PartyKind kind = call.actor.kind;
  // Open mode is the developer's own machine.
  if (kind != port::PartyKind::kOperator && kind != port::PartyKind::kSystem && kind != port::PartyKind::kOpen) {
    return fhir::Fail(fhir::ErrorCode::kForbidden, "only an operator may erase for good");
  }
  if (call.type_name() == kAuditTrail) {
    return fhir::Fail(fhir::ErrorCode::kForbidden, "the audit trail is never erased");
  }
  if (call.id.empty() && !call.options().expunge_by_type) {
    return fhir::Fail(fhir::ErrorCode::kForbidden, "erasing by type is switched off on this server");
  }
  return {};
}

http::Response AnswerExpunge(const Call& call, const Expunger& expunger) {
  Document document(call.definitions().FindType("Parameters"));
  const auto add = [&](std::string_view name, std::string_view element, std::string_view value) {
    Node& parameter = document.Add(document.root(), "parameter");
    document.Add(parameter, "name", name);
    document.Add(parameter, element, value);
  };
  add("count", "valueInteger", std::to_string(expunger.versions()));
  add("complete", "valueBoolean", expunger.complete() ? "true" : "false");
  return JsonResponse(call, 200, fhir::json::WriteJson(document.root()));
}

/// One version of the path, which must be past.
fhir::Result<http::Response> ExpungeVersion(Call& call, std::string_view text) {
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size() || version < 1) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such version");
  }
  Expunger expunger(call, 1);
  GW_TRY(expunger.Run(
      {.what = port::Erased::kPastVersions, .keys = {{call.type, std::string(call.id)}}, .version = version}));
  if (expunger.versions() == 0) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such version that is past");
  }
  return AnswerExpunge(call, expunger);
}

/// 202 with the place of the job. It takes all there is, unless a limit is given.
fhir::Result<http::Response> ExpungeLater(Call& call, const Parameters& parameters) {
  ExpungeOrder order{
      .path = call.request.path, .flags = {}, .rows_max = parameters.Number("limit").value_or(INT64_MAX)};
  for (const ParameterRow& row : kExpungeParameters) {
    if (row.kind == ParameterKind::kBoolean && parameters.Flag(row.name)) {
      order.flags.emplace_back(row.name);
    }
  }
  return AcceptJob(call, {.kind = std::string(kExpungeJob),
                          .owner = port::OwnerOf(call.actor),
                          .parameters = WriteExpungeOrder(order),
                          .lifetime_ms = kExpungeKnownMs});
}

}  // namespace

fhir::Result<http::Response> Expunge(Call& call) {
  GW_TRY(CheckMayExpunge(call));
  if (call.service.ports().operations.eraser == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
  }
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kExpungeParameters));
  if (const std::string_view version = call.request.PathParameter("version"); !version.empty()) {
    return ExpungeVersion(call, version);
  }
  const bool previous = parameters.Flag("expungePreviousVersions");
  const bool deleted = parameters.Flag("expungeDeletedResources");
  const bool everything = parameters.Flag("expungeEverything");
  const bool compartment = parameters.Flag("expungeCompartment");
  if (!previous && !deleted && !everything && !compartment) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "say what to erase: one of the parameters must be true");
  }
  if (everything && call.id.empty()) {
    return parameters.Refuse(fhir::ErrorCode::kUnsupported, "expungeEverything", "everything of one resource alone");
  }
  if (compartment && (call.id.empty() || call.type_name() != kPerson)) {
    return parameters.Refuse(fhir::ErrorCode::kUnsupported, "expungeCompartment",
                             "the compartment of one patient alone");
  }
  if (call.preferences.respond_async && call.request.place.empty() && call.service.ports().operations.jobs != nullptr) {
    return ExpungeLater(call, parameters);
  }
  Expunger expunger(call, std::min(parameters.Number("limit").value_or(compartment ? kRowsMax : kRowsUsual), kRowsMax));
  if (compartment) {
    port::ResourceViews* views = call.service.ports().operations.views;
    if (views == nullptr) {
      return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
    }
    GW_TRY(expunger.RunCompartment(*views));
    return AnswerExpunge(call, expunger);
  }
  port::ErasureBatch batch;
  if (!call.id.empty()) {
    batch.keys.emplace_back(call.type, call.id);
  } else if (call.type != fhir::metadata::kNoType) {
    batch.types.push_back(call.type);
  }
  const auto run = [&](port::Erased what) {
    batch.what = what;
    return expunger.Run(batch);
  };
  if (previous) {
    GW_TRY(run(port::Erased::kPastVersions));
  }
  if (deleted) {
    GW_TRY(run(port::Erased::kDeletedResources));
  }
  if (everything) {
    GW_TRY(run(port::Erased::kResources));
  }
  return AnswerExpunge(call, expunger);
}

}  // namespace gateway::rest::operations
