#include "gateway/rest/body.hpp"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "fhir/base/base64.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/search/query_parser.hpp"
#include "fhir/xml/reader.hpp"
#include "gateway/http/target.hpp"
#include "gateway/rest/content.hpp"
#include "gateway/rest/search_parameters.hpp"

namespace gateway::rest {
namespace {

/// Source: https://hl7.org/fhir/R4/binary.html#rest
fhir::Result<fhir::model::Document> ReadNativeBinary(Call& call, std::string_view content_type) {
  if (call.request.body.size() > call.options().limits.body_bytes_max / 4 * 3) {
    return fhir::Fail(fhir::ErrorCode::kTooLarge, "the body is larger than this server takes");
  }
  fhir::model::Document document(call.type);
  document.Add(document.root(), "contentType", content_type);
  if (const auto context = call.request.headers.Get("X-Security-Context"); context && !context->empty()) {
    fhir::model::Node& reference = document.Add(document.root(), "securityContext");
    document.Add(reference, "reference", *context);
  }
  document.Add(document.root(), "data", fhir::EncodeBase64(call.request.body));
  if (!call.id.empty()) {
    document.Add(document.root(), "id", call.id);
  }
  return document;
}

}  // namespace

fhir::Result<fhir::model::Document> ParseBody(Call& call) {
  GW_ASSIGN(const Format format, BodyFormat(call.request));
  const fhir::Limits& limits = call.options().limits;
  auto document = format == Format::kXml ? fhir::xml::ReadXml(call.request.body, limits, call.issues)
                                         : fhir::json::ReadJson(call.request.body, limits, call.issues);
  if (!document && document.error().code == fhir::ErrorCode::kInvalid) {
    document.error().code = fhir::ErrorCode::kMalformed;  // no resource at all: 400, not 422
  }
  return document;
}

fhir::Result<fhir::model::Document> ReadResource(Call& call) {
  auto document = ParseBody(call);
  if (document && call.issues.HasErrors()) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "the body is not a well-formed resource");
  }
  return document;
}

fhir::Result<fhir::model::Document> ReadTypedResource(Call& call) {
  const auto content_type = call.request.headers.Get("Content-Type");
  if (content_type && call.type_name() == "Binary" && IsNativeBinary(*content_type)) {
    return ReadNativeBinary(call, *content_type);
  }
  GW_ASSIGN(fhir::model::Document document, ReadResource(call));
  if (document.root().type != call.type) {
    auto failure = fhir::Fail(fhir::ErrorCode::kMalformed, fmt::format("the path names {}, the body is a {}",
                                                                       call.type_name(), document.type_name()));
    failure.error().expression = document.type_name();
    return failure;
  }
  return document;
}

fhir::Result<std::optional<fhir::search::Query>> ReadCondition(const Call& call, std::string_view text) {
  if (text.empty()) {
    return std::optional<fhir::search::Query>();
  }
  fhir::search::ParseOptions options;
  options.base_url = call.options().base_url;
  options.zone = call.options().zone;
  // The SAS platform writes "Identifier=" in its conditional updates.
  options.case_blind_names = true;
  fhir::IssueList none;
  auto query = ParseInForce(call, options, none, [&](const fhir::search::ParseOptions& in_force, fhir::IssueList&) {
    return fhir::search::ParseConditional(call.type, text, in_force);
  });
  if (!query) {
    fhir::Error error = std::move(query).error();
    error.code = error.code == fhir::ErrorCode::kInvalid ? fhir::ErrorCode::kMalformed : error.code;
    return std::unexpected(std::move(error));
  }
  return std::optional<fhir::search::Query>(*std::move(query));
}

std::string ConditionText(const http::Request& request) {
  std::string text;
  for (const auto& [name, value] : request.query) {
    if (name == "_format" || name == "_pretty") {
      continue;
    }
    text += fmt::format("{}{}={}", text.empty() ? "" : "&", http::PercentEncode(name), http::PercentEncode(value));
  }
  return text;
}

}  // namespace gateway::rest
