// POST [type]/$validate, POST and GET [type]/[id]/$validate.
#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "fhir/base/date_time.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/operation_outcome/operation_outcome.hpp"
#include "fhir/validation/structure.hpp"
#include "fhir/validation/validator.hpp"
#include "gateway/rest/body.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest::operations {
namespace {

namespace port = adapters::port;
using fhir::model::Document;
using fhir::model::Node;

/// Source: https://hl7.org/fhir/R4/valueset-resource-validation-mode.html
enum class Mode : std::uint8_t { kGeneral, kCreate, kUpdate, kDelete, kProfile };

struct ModeRow {
  std::string_view code;
  Mode mode;
};

constexpr std::array<ModeRow, 4> kModeRows{
    {{"create", Mode::kCreate}, {"update", Mode::kUpdate}, {"delete", Mode::kDelete}, {"profile", Mode::kProfile}}};

/// What is asked for, from the query and from Parameters.
struct Asked {
  std::optional<Document> body;
  const Node* resource = nullptr;  ///< inside `body`
  std::string mode;
  std::vector<std::string> profiles;
};

/// The value of a parameter, whichever of the types that clients use for it.
std::string_view ValueOfParameter(const Node& parameter) {
  for (const std::string_view name : {"valueCode", "valueUri", "valueCanonical", "valueString"}) {
    if (const std::string_view value = parameter.ChildValue(name); !value.empty()) {
      return value;
    }
  }
  return {};
}

void ReadParametersOfValidate(const Node& parameters, Asked& asked) {
  asked.resource = nullptr;
  for (const Node& parameter : parameters.children()) {
    if (parameter.name != "parameter") {
      continue;
    }
    const std::string_view name = parameter.ChildValue("name");
    if (name == "resource") {
      asked.resource = parameter.Child("resource");
    } else if (name == "mode") {
      asked.mode = ValueOfParameter(parameter);
    } else if (name == "profile" && !ValueOfParameter(parameter).empty()) {
      asked.profiles.emplace_back(ValueOfParameter(parameter));
    }
  }
}

fhir::Result<Asked> ReadAsked(Call& call) {
  Asked asked;
  for (const auto& [name, value] : call.request.query) {
    if (name == "mode") {
      asked.mode = value;
    } else if (name == "profile") {
      asked.profiles.push_back(value);
    }
  }
  if (call.request.body.empty()) {
    return asked;
  }
  GW_ASSIGN(asked.body, ParseBody(call));
  asked.resource = &asked.body->root();
  // Parameters sent to their own type are what is to be checked.
  if (asked.body->type_name() == "Parameters" && call.type_name() != "Parameters") {
    ReadParametersOfValidate(asked.body->root(), asked);
  }
  return asked;
}

fhir::Result<Mode> ModeOf(const Call& call, const Asked& asked) {
  if (asked.mode.empty()) {
    return Mode::kGeneral;
  }
  const auto* row =
      std::find_if(kModeRows.begin(), kModeRows.end(), [&](const ModeRow& known) { return known.code == asked.mode; });
  if (row == kModeRows.end()) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "mode is one of create, update, delete and profile");
  }
  if (row->mode == Mode::kProfile && asked.profiles.empty()) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "mode profile needs the parameter profile");
  }
  if (row->mode == Mode::kDelete && call.id.empty()) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "mode delete is for [type]/[id]/$validate");
  }
  if (row->mode == Mode::kCreate && !call.id.empty()) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "mode create is for [type]/$validate");
  }
  return row->mode;
}

void CheckResource(const Call& call, const Asked& asked, const Node& resource, fhir::IssueList& issues) {
  const RestPorts& ports = call.service.ports();
  if (ports.validator == nullptr) {
    fhir::validation::ValidationOptions options;
    options.limits = call.options().limits;
    fhir::validation::ValidateStructure(resource, options, issues);
    return;
  }
  const std::string now = ports.clock != nullptr ? fhir::FormatInstant(ports.clock->NowUs()) : std::string();
  fhir::validation::ValidatorOptions options;
  options.profiles = asked.profiles;
  options.limits = call.options().limits;
  options.now = now;
  ports.validator->Validate(resource, options, issues);
}

/// Whether an error tells about what was to be checked, and not about this server's own state.
bool IsFinding(fhir::ErrorCode code) {
  switch (code) {
    case fhir::ErrorCode::kInvalid:
    case fhir::ErrorCode::kNotFound:
    case fhir::ErrorCode::kGone:
    case fhir::ErrorCode::kConflict:
    case fhir::ErrorCode::kVersionConflict:
    case fhir::ErrorCode::kMultipleMatches:
    case fhir::ErrorCode::kForbidden:
    case fhir::ErrorCode::kUnsupported:
      return true;
    default:
      return false;
  }
}

/// What the change would come to: it is made in a transaction that is never committed, with the party's grants and all
/// that follows from it. Issues of the resource's content are not said twice.
fhir::Result<void> TryChange(Call& call, port::Change change) {
  GW_ASSIGN(const auto work, call.service.ports().units.Begin(call.actor));
  fhir::IssueList content(call.options().limits.issues_max);
  std::vector<port::Change> changes;
  changes.push_back(std::move(change));
  const auto outcomes = work->Apply(std::move(changes), content);
  if (outcomes) {
    return {};
  }
  const fhir::Error& error = outcomes.error();
  if (!IsFinding(error.code)) {
    return std::unexpected(error);
  }
  if (error.code != fhir::ErrorCode::kInvalid || !content.HasErrors()) {
    call.issues.AddAt(error.expression, fhir::Severity::kError, fhir::operation_outcome::TypeOf(error.code),
                      error.public_text.text);
  } else if (!call.issues.HasErrors()) {
    call.issues.AddAll(content);
  }
  return {};
}

fhir::Result<void> TryMode(Call& call, Mode mode, const Node* resource) {
  port::Change change;
  change.type = call.type;
  change.id = call.id;
  switch (mode) {
    case Mode::kGeneral:
    case Mode::kProfile:
      return {};
    case Mode::kDelete:
      change.verb = port::Verb::kDelete;
      // Deleting what is not there is done already; asking whether it may be deleted is not.
      GW_TRY(call.service.ports().store.Read(call.actor, call.type, call.id));
      return TryChange(call, std::move(change));
    case Mode::kCreate:
      change.verb = port::Verb::kCreate;
      change.resource.emplace(Document::CloneResource(*resource));
      change.resource->RemoveAll(change.resource->root(), "id");
      return TryChange(call, std::move(change));
    case Mode::kUpdate:
      change.verb = port::Verb::kUpdate;
      if (change.id.empty()) {
        change.id = resource->ChildValue("id");
      }
      if (change.id.empty() || resource->ChildValue("id") != change.id) {
        call.issues.AddAt(std::string(call.type_name()) + ".id", fhir::Severity::kError, fhir::IssueType::kInvalid,
                          "an update needs the id of the resource");
        return {};
      }
      if (call.id.empty()) {
        call.audit.entities.push_back({call.type, change.id, 0});
      }
      change.existing_only = !call.options().update_create;
      change.resource.emplace(Document::CloneResource(*resource));
      return TryChange(call, std::move(change));
  }
  return {};
}

}  // namespace

fhir::Result<http::Response> Validate(Call& call) {
  GW_ASSIGN(Asked asked, ReadAsked(call));
  GW_ASSIGN(const Mode mode, ModeOf(call, asked));
  // Whether a change would go through tells of what is stored.
  call.audit_after = mode != Mode::kGeneral && mode != Mode::kProfile;
  std::optional<Document> stored;
  if (asked.resource == nullptr && mode != Mode::kDelete) {
    if (call.id.empty() || mode == Mode::kUpdate) {
      return fhir::Fail(fhir::ErrorCode::kMalformed,
                        "expected a resource, or Parameters with a parameter 'resource' that has one");
    }
    GW_ASSIGN(const port::StoredResource read, call.service.ports().store.Read(call.actor, call.type, call.id));
    call.audit.entities.push_back({call.type, std::string(call.id), read.version});
    fhir::IssueList ignored(1);
    GW_ASSIGN(stored, fhir::json::ReadJson(read.body, call.options().limits, ignored));
    asked.resource = &stored->root();
  }
  if (asked.resource != nullptr && asked.resource->type != call.type) {
    call.issues.AddAt(std::string(asked.resource->name), fhir::Severity::kError, fhir::IssueType::kInvalid,
                      "the resource is not of the type in the path");
  } else {
    if (asked.resource != nullptr) {
      CheckResource(call, asked, *asked.resource, call.issues);
    }
    GW_TRY(TryMode(call, mode, asked.resource));
  }
  return JsonResponse(call, 200,
                      call.issues.empty() ? fhir::operation_outcome::ToOperationOutcome("no problem was found")
                                          : fhir::operation_outcome::ToOperationOutcome(call.issues));
}

}  // namespace gateway::rest::operations
