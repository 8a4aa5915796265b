// GET [type]/[id] and [type]/[id]/_history/[version]. Source: https://hl7.org/fhir/R4/http.html#read
#include <charconv>
#include <optional>
#include <utility>

#include "fhir/base/base64.hpp"
#include "fhir/json/reader.hpp"
#include "gateway/rest/conditional_read.hpp"
#include "gateway/rest/content.hpp"
#include "gateway/rest/convert.hpp"
#include "gateway/rest/etag.hpp"
#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/respond.hpp"
#include "gateway/rest/subset.hpp"

namespace gateway::rest {
namespace {

namespace port = adapters::port;

Validators ValidatorsOf(const port::StoredResource& resource) {
  return {FormatEtag(resource.version), resource.last_updated_us};
}

/// The Binary's own bytes, when the client asks for them; nullopt when FHIR JSON is to be sent.
/// Source: https://hl7.org/fhir/R4/binary.html#rest
fhir::Result<std::optional<http::Response>> NativeBinary(const Call& call, const port::StoredResource& resource) {
  const auto accept = call.request.headers.Get("Accept");
  if (!accept || accept->empty()) {
    return std::optional<http::Response>();
  }
  fhir::IssueList ignored(1);
  GW_ASSIGN(const fhir::model::Document document, fhir::json::ReadJson(resource.body, call.options().limits, ignored));
  const std::string_view content_type = document.root().ChildValue("contentType");
  if (ChooseForBinary(call.request, content_type) == Wanted::kFhir) {
    return std::optional<http::Response>();
  }
  http::Response response;
  GW_ASSIGN(response.body, fhir::DecodeBase64(document.root().ChildValue("data")));
  response.headers.Add("Content-Type", std::string(content_type));
  // The bytes are somebody's document, never a page of ours: a browser must not run what is in it.
  response.headers.Add("X-Content-Type-Options", "nosniff");
  response.headers.Add("Content-Security-Policy", "sandbox");
  AddValidators(response, ValidatorsOf(resource));
  AddVaryAccept(response);
  return std::optional<http::Response>(std::move(response));
}

fhir::Result<http::Response> ReadVersion(Call& call, std::optional<std::int64_t> version) {
  GW_ASSIGN(port::StoredResource resource, call.service.ports().store.Read(call.actor, call.type, call.id, version));
  call.audit.entities.push_back({call.type, std::string(call.id), resource.version});
  if (resource.deleted) {
    return fhir::Fail(fhir::ErrorCode::kGone, "this resource has been deleted");
  }
  if (auto same = NotModified(call.request, ValidatorsOf(resource))) {
    return *std::move(same);
  }
  if (call.type_name() == "Binary") {
    GW_ASSIGN(std::optional<http::Response> native, NativeBinary(call, resource));
    if (native) {
      return *std::move(native);
    }
    GW_TRY(ChooseRepresentation(call.request));
  }
  GW_ASSIGN(const SubsetOptions subset, SubsetOfRead(call.request));
  if (!subset.empty()) {
    GW_ASSIGN(resource.body, Subset(resource.body, subset, call.definitions(), call.options().limits));
  }
  return ResourceResponse(call, 200, std::move(resource));
}

}  // namespace

fhir::Result<http::Response> Read(Call& call) {
  return ReadVersion(call, std::nullopt);
}

fhir::Result<http::Response> VersionRead(Call& call) {
  const std::string_view text = call.request.PathParameter("version");
  std::int64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  if (error != std::errc() || end != text.data() + text.size() || version < 1) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, "there is no such version");
  }
  return ReadVersion(call, version);
}

}  // namespace gateway::rest
