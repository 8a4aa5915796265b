#include "gateway/rest/service.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include "fhir/base/date_time.hpp"
#include "fhir/operation_outcome/operation_outcome.hpp"
#include "fhir/validation/validator.hpp"
#include "gateway/rest/async_request.hpp"
#include "gateway/rest/call.hpp"
#include "gateway/rest/capability_modes.hpp"
#include "gateway/rest/capability_statement.hpp"
#include "gateway/rest/content.hpp"
#include "gateway/rest/respond.hpp"
#include "gateway/rest/routes.hpp"

namespace gateway::rest {
namespace {

namespace port = adapters::port;

/// Source: https://hl7.org/fhir/R4/datatypes.html#id
bool IsFhirId(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

/// Type and id of the path, and the formats both sides speak.
fhir::Result<void> PrepareCall(Call& call) {
  const auto& parameters = call.request.path_parameters;
  for (const auto& [name, value] : parameters) {
    if (name == "type") {
      call.type = call.definitions().FindType(value);
      if (!call.definitions().IsResource(call.type)) {
        call.type = fhir::metadata::kNoType;
        return fhir::Fail(fhir::ErrorCode::kNotFound, "the path names no resource type of FHIR R4");
      }
    } else if (name == "id") {
      if (!IsFhirId(value)) {
        return fhir::Fail(fhir::ErrorCode::kNotFound, "the path names no valid id");
      }
      call.id = value;
    }
  }
  // A file of a job is NDJSON, whatever the client accepts.
  if (!call.request.PathParameter("file").empty()) {
    call.representation = RepresentationOfError(call.request);
    return {};
  }
  // A Binary may be asked for in its own content type; its read decides.
  const bool native_possible = call.type != fhir::metadata::kNoType && !call.id.empty() && call.type_name() == "Binary";
  auto representation = ChooseRepresentation(call.request);
  if (representation) {
    call.representation = *representation;
  } else if (!native_possible) {
    return std::unexpected(std::move(representation).error());
  }
  return {};
}

Statement StatementOf(std::string json) {
  std::string etag = EtagOfText(json);
  return {.json = std::move(json), .etag = std::move(etag)};
}

port::AuditOutcome OutcomeOf(int status) {
  return status < 400   ? port::AuditOutcome::kSuccess
         : status < 500 ? port::AuditOutcome::kMinorFailure
                        : port::AuditOutcome::kSeriousFailure;
}

}  // namespace

Service::Service(RestPorts ports, RestOptions options) : ports_(ports), options_(std::move(options)) {
  standard_statement_ =
      std::make_shared<const Statement>(StatementOf(MakeCapabilityStatement(ports_.definitions, options_)));
  if (const auto started = fhir::ParseInstant(options_.started)) {
    started_us_ = fhir::ToRange(*started, fhir::TimeZone::Utc()).low_us;
  }
}

std::shared_ptr<const Statement> Service::capability_statement() const {
  if (ports_.operations.search_parameters == nullptr) {
    return standard_statement_;
  }
  const auto current = ports_.operations.search_parameters->Current();
  const auto custom = current ? *current : ports_.operations.search_parameters->Known();
  if (custom->all().empty() && custom->changed_us() <= started_us_) {
    return standard_statement_;
  }
  const std::lock_guard lock(current_mutex_);
  if (current_statement_ == nullptr || current_version_ != custom->version()) {
    Statement statement = StatementOf(MakeCapabilityStatement(ports_.definitions, options_, nullptr, custom.get()));
    statement.changed_us = custom->changed_us();
    current_statement_ = std::make_shared<const Statement>(std::move(statement));
    current_version_ = custom->version();
  }
  return current_statement_;
}

const Statement* Service::normative_statement() const {
  if (ports_.validator == nullptr) {
    return nullptr;
  }
  std::call_once(normative_.made, [this] {
    normative_.statement =
        StatementOf(MakeNormativeStatement(ports_.definitions, options_, ports_.validator->registry()));
  });
  return &normative_.statement;
}

const Statement* Service::terminology_capabilities() const {
  if (ports_.validator == nullptr) {
    return nullptr;
  }
  std::call_once(terminology_.made, [this] {
    terminology_.statement =
        StatementOf(MakeTerminologyCapabilities(ports_.definitions, options_, ports_.validator->registry()));
  });
  return &terminology_.statement;
}

fhir::Result<std::shared_ptr<Service>> Service::Create(RestPorts ports, RestOptions options) {
  std::shared_ptr<Service> service(new Service(ports, std::move(options)));
  std::vector<http::Route> routes;
  // The service's own router borrows the service: owning it here would be a cycle.
  for (const RouteRow& row : RouteRows()) {
    routes.push_back({row.method, service->options_.base_path + std::string(row.pattern),
                      [self = service.get(), &row](http::Request& request) { return self->Run(row, request); }});
  }
  GW_ASSIGN(service->router_, http::Router::Create(std::move(routes)));
  return service;
}

std::vector<http::Route> Service::Routes(const std::shared_ptr<const Service>& service) {
  std::vector<http::Route> routes;
  for (const RouteRow& row : RouteRows()) {
    routes.push_back({row.method, service->options_.base_path + std::string(row.pattern),
                      [service, &row](http::Request& request) { return service->Run(row, request); }});
  }
  return routes;
}

namespace {

http::Response NoRoute(const http::Request& request, int status, fhir::ErrorCode code, std::string_view text) {
  return http::ErrorResponse(status, code, text, [&](int, fhir::ErrorCode of_it, std::string_view said) {
    return fhir::operation_outcome::ToOperationOutcome(fhir::Error{
        .code = of_it,
        .public_text = {std::string(said)},
        .internal_text = {},
        .retry = fhir::Retry::kNever,
        .expression = request.place.empty() ? std::string() : request.place + ".request.url",
    });
  });
}

}  // namespace

http::Response Service::Dispatch(http::Request& request) const {
  const http::RouteMatch match = router_->Match(request.method, request.path);
  switch (match.status) {
    case http::RouteMatch::Status::kFound:
      request.path_parameters = match.parameters;
      request.route = match.route->pattern;
      return match.route->handler(request);
    case http::RouteMatch::Status::kMethodNotAllowed:
      return NoRoute(request, 405, fhir::ErrorCode::kUnsupported, "this path does not take this method");
    case http::RouteMatch::Status::kNotFound:
      break;
  }
  return NoRoute(request, 404, fhir::ErrorCode::kNotFound, "there is nothing at this path");
}

const RouteRow* Service::FindRow(http::Method method, std::string_view path) const {
  const http::RouteMatch match = router_->Match(method, path);
  if (match.status != http::RouteMatch::Status::kFound) {
    return nullptr;
  }
  const std::string_view pattern = std::string_view(match.route->pattern).substr(options_.base_path.size());
  const auto rows = RouteRows();
  const auto row = std::find_if(rows.begin(), rows.end(), [&](const RouteRow& candidate) {
    return candidate.method == match.route->method && candidate.pattern == pattern;
  });
  return row == rows.end() ? nullptr : &*row;
}

http::Response Service::Run(const RouteRow& row, http::Request& request) const {
  static const port::Actor kNobody{.kind = port::PartyKind::kOpen};
  Call call{.service = *this, .request = request, .actor = request.actor != nullptr ? *request.actor : kNobody};
  call.issues = fhir::IssueList(options_.limits.issues_max);
  if (request.actor == nullptr) {
    return ErrorResponse(call, {.code = fhir::ErrorCode::kUnauthenticated, .public_text = {"credentials are needed"}});
  }
  call.preferences = ReadPreferences(request);
  call.type = call.definitions().FindType(TypeNameOf(row));
  call.audit.interaction = row.interaction;
  if (!OperationOf(row).empty()) {
    call.audit.searched_type = row.pattern.substr(1);
  }
  call.audit.action = row.action;

  fhir::Result<void> prepared = PrepareCall(call);
  if (prepared && call.preferences.respond_async && ports_.operations.jobs != nullptr && MayAnswerLater(row, request)) {
    // The trail learns of it when it is answered.
    auto accepted = AnswerLater(call);
    return accepted ? *std::move(accepted) : ErrorResponse(call, accepted.error());
  }
  fhir::Result<http::Response> result =
      prepared ? row.run(call) : fhir::Result<http::Response>(std::unexpected(std::move(prepared).error()));
  const bool succeeded = result.has_value();
  const std::string_view error_code = succeeded ? std::string_view() : fhir::Name(result.error().code);
  http::Response response = result ? *std::move(result) : ErrorResponse(call, result.error());

  const bool after =
      row.audit == AuditTime::kAfter || call.audit_after || (row.audit == AuditTime::kInTransaction && !succeeded);
  if (ports_.audit == nullptr || !after) {
    return response;
  }
  call.audit.outcome = OutcomeOf(response.status);
  call.audit.error_code = error_code;
  if (call.audit.entities.empty() && !call.id.empty()) {
    call.audit.entities.push_back({call.type, std::string(call.id), 0});
  }
  auto recorded = ports_.audit->Record(call.actor, call.audit);
  if (!recorded && succeeded) {
    // What cannot be accounted for is not disclosed.
    return ErrorResponse(call, recorded.error());
  }
  return response;
}

std::string ErrorBody(int /*status*/, fhir::ErrorCode code, std::string_view text) {
  return fhir::operation_outcome::ToOperationOutcome(fhir::Error{.code = code, .public_text = {std::string(text)}});
}

}  // namespace gateway::rest
