#include "gateway/rest/respond.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fhir/operation_outcome/operation_outcome.hpp"
#include "gateway/rest/content.hpp"
#include "gateway/rest/convert.hpp"
#include "gateway/rest/error_status.hpp"
#include "gateway/rest/etag.hpp"
#include "gateway/rest/http_date.hpp"

namespace gateway::rest {

std::string FullUrl(const RestOptions& options, std::string_view type_name, std::string_view id) {
  std::string url;
  url.reserve(options.base_url.size() + type_name.size() + id.size() + 2);
  url.append(options.base_url).append(1, '/').append(type_name).append(1, '/').append(id);
  return url;
}

http::Response JsonResponse(const Call& call, int status, std::string body) {
  auto converted = Convert(std::move(body), call.representation);
  if (!converted) {
    Representation plain = call.representation;
    plain.pretty = false;
    status = StatusOf(converted.error().code);
    converted = Convert(fhir::operation_outcome::ToOperationOutcome(converted.error()), plain);
  }
  http::Response response;
  response.status = status;
  response.headers.Add("Content-Type", std::string(call.representation.content_type));
  AddVaryAccept(response);
  response.body = converted.value_or(std::string());
  return response;
}

namespace {

/// In a Bundle's entry, the place of the entry and of what the expression names in its resource.
std::string PlacedIn(const Call& call, const std::string& expression) {
  const std::string& place = call.request.place;
  if (place.empty() || expression.starts_with(place)) {
    return expression;
  }
  const std::size_t root_end = std::min(expression.find_first_of(".["), expression.size());
  const auto root = call.definitions().FindType(std::string_view(expression).substr(0, root_end));
  return call.definitions().IsResource(root) ? place + ".resource" + expression.substr(root_end) : place;
}

fhir::IssueList PlacedIssues(const Call& call) {
  fhir::IssueList placed(call.options().limits.issues_max);
  for (const fhir::Issue& issue : call.issues.issues()) {
    placed.AddAt(PlacedIn(call, issue.expression), issue.severity, issue.type, issue.text, issue.offset);
  }
  placed.CountLeftOut(call.issues);
  return placed;
}

}  // namespace

std::string ErrorOutcome(const Call& call, fhir::Error error) {
  if (call.request.place.empty()) {
    return fhir::operation_outcome::ToOperationOutcome(error, call.issues);
  }
  error.expression = PlacedIn(call, error.expression);
  return fhir::operation_outcome::ToOperationOutcome(error, PlacedIssues(call));
}

http::Response ResourceResponse(const Call& call, int status, adapters::port::StoredResource resource) {
  http::Response response = JsonResponse(call, status, std::move(resource.body));
  response.headers.Add("ETag", FormatEtag(resource.version));
  response.headers.Add("Last-Modified", FormatHttpDate(resource.last_updated_us));
  return response;
}

http::Response WriteResponse(Call& call, adapters::port::Outcome outcome) {
  const int status = outcome.effect == adapters::port::Effect::kCreated ? 201 : 200;
  const std::string url =
      FullUrl(call.options(), call.definitions().TypeName(outcome.resource.type), outcome.resource.id);
  const std::int64_t version = outcome.resource.version;
  http::Response response;
  switch (call.preferences.result.value_or(PreferReturn::kRepresentation)) {
    case PreferReturn::kRepresentation:
      response = ResourceResponse(call, status, std::move(outcome.resource));
      break;
    case PreferReturn::kMinimal:
      response.status = status;
      response.headers.Add("ETag", FormatEtag(version));
      response.headers.Add("Last-Modified", FormatHttpDate(outcome.resource.last_updated_us));
      break;
    case PreferReturn::kOperationOutcome:
      response = JsonResponse(call, status,
                              call.issues.empty() ? fhir::operation_outcome::ToOperationOutcome("done")
                                                  : fhir::operation_outcome::ToOperationOutcome(PlacedIssues(call)));
      response.headers.Add("ETag", FormatEtag(version));
      response.headers.Add("Last-Modified", FormatHttpDate(outcome.resource.last_updated_us));
      break;
  }
  response.headers.Add("Location", fmt::format("{}/_history/{}", url, version));
  return response;
}

http::Response ErrorResponse(const Call& call, const fhir::Error& error) {
  const int status = StatusOf(error.code);
  http::Response response = JsonResponse(call, status, ErrorOutcome(call, error));
  if (status == 503) {
    response.headers.Add("Retry-After", std::to_string(call.options().retry_after_s));
  }
  if (status == 401) {
    response.headers.Add("WWW-Authenticate", R"(Bearer realm="passerelle")");
  }
  return response;
}

}  // namespace gateway::rest
