#include "gateway/rest/convert.hpp"

#include <limits>
#include <utility>

#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/xml/writer.hpp"

namespace gateway::rest {
namespace {

/// What the server writes itself is not bounded by what it takes in: a Bundle of many resources is larger and deeper
/// than each of them.
fhir::Limits LimitsOfOurOwn() {
  fhir::Limits limits;
  limits.body_bytes_max = std::numeric_limits<std::size_t>::max();
  limits.string_bytes_max = std::numeric_limits<std::size_t>::max();
  limits.depth_max = 1'100;  // the largest setting and a Bundle around it
  return limits;
}

}  // namespace

fhir::Result<std::string> Convert(std::string json, const Representation& representation) {
  if (representation.format == Format::kJson && !representation.pretty) {
    return json;
  }
  fhir::IssueList ignored(1);
  const auto document = fhir::json::ReadJson(json, LimitsOfOurOwn(), ignored);
  if (!document) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"the answer cannot be written in this format"},
                      {"a body that was to be converted is no FHIR JSON"});
  }
  return representation.format == Format::kXml
             ? fhir::xml::WriteXml(document->root(), {.pretty = representation.pretty})
             : fhir::json::WriteJson(document->root(), {.pretty = true});
}

void AdaptError(const http::Request& request, http::Response& response) {
  if (response.status < 400 || response.body.empty() || response.headers.Get("Content-Type") != kFhirJson) {
    return;
  }
  const Representation representation = RepresentationOfError(request);
  if (auto converted = Convert(response.body, representation)) {
    response.body = *std::move(converted);
    response.headers.Set("Content-Type", std::string(representation.content_type));
  }
}

http::Handler AdaptErrors(http::Handler next) {
  return [next = std::move(next)](http::Request& request) {
    http::Response response = next(request);
    AdaptError(request, response);
    return response;
  };
}

void AddVaryAccept(http::Response& response) {
  response.headers.Add("Vary", "Accept");
}

}  // namespace gateway::rest
