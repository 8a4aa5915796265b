#include "gateway/rest/patch_body.hpp"

#include <memory>
#include <string>
#include <utility>

#include "fhir/base/base64.hpp"
#include "fhir/patch/fhirpath_patch.hpp"
#include "fhir/patch/json_patch.hpp"
#include "gateway/rest/body.hpp"
#include "gateway/rest/content.hpp"

namespace gateway::rest {
namespace {

using adapters::port::PatchFunction;
using fhir::model::Document;
using fhir::model::Node;

/// Work of one path. Paths are evaluated while the resource is locked, so that others wait; a path that leads to an
/// element takes a few hundred steps.
constexpr std::size_t kPathStepsMax = 50'000;

fhir::patch::PatchLimits PatchLimitsOf(const Call& call) {
  fhir::patch::PatchLimits limits;
  limits.result_bytes_max = call.options().limits.body_bytes_max;
  limits.depth_max = call.options().limits.depth_max;
  return limits;
}

fhir::Result<Document> Checked(fhir::patch::Patched<Document> patched) {
  if (!patched) {
    return std::unexpected(fhir::patch::ToError(patched.error()));
  }
  return *std::move(patched);
}

fhir::Result<PatchFunction> JsonPatchFunction(const Call& call, std::string_view text) {
  const fhir::patch::PatchLimits patch_limits = PatchLimitsOf(call);
  auto read = fhir::patch::ReadJsonPatch(text, patch_limits);
  if (!read) {
    return std::unexpected(fhir::patch::ToError(read.error()));
  }
  // Shared by the copies of the function, which a change may outlive the body with.
  auto patch = std::make_shared<const fhir::patch::JsonPatch>(*std::move(read));
  return [patch, patch_limits, limits = call.options().limits](const Node& stored, std::string_view /*now*/) {
    return Checked(fhir::patch::PatchResource(stored, *patch, limits, patch_limits));
  };
}

fhir::Result<PatchFunction> FhirPathPatchFunction(const Call& call, Document parameters) {
  if (parameters.type_name() != "Parameters") {
    return fhir::Fail(fhir::ErrorCode::kMalformed,
                      "a patch is a JSON Patch, or a Parameters resource with the operations of a FHIRPath Patch");
  }
  auto operations = std::make_shared<const Document>(std::move(parameters));  // shared as above
  return [operations, patch_limits = PatchLimitsOf(call)](const Node& stored, std::string_view now) {
    fhir::fhirpath::EvaluationContext context;
    context.now = now;
    context.steps_max = kPathStepsMax;
    return Checked(fhir::patch::PatchResource(stored, operations->root(), context, patch_limits));
  };
}

}  // namespace

fhir::Result<PatchFunction> ReadPatchBody(Call& call) {
  const std::string_view type = MediaType(call.request.headers.Get("Content-Type").value_or(""));
  if (http::EqualsIgnoringCase(type, kJsonPatch)) {
    return JsonPatchFunction(call, call.request.body);
  }
  if (!IsFhirJson(type) && !IsFhirXml(type)) {
    return fhir::Fail(fhir::ErrorCode::kUnsupportedMedia,
                      "expected Content-Type application/json-patch+json, or Parameters as application/fhir+json or "
                      "application/fhir+xml");
  }
  GW_ASSIGN(Document parameters, ReadResource(call));
  return FhirPathPatchFunction(call, std::move(parameters));
}

fhir::Result<PatchFunction> ReadPatchResource(const Call& call, const Node& resource) {
  if (call.definitions().TypeName(resource.type) != "Binary") {
    return FhirPathPatchFunction(call, Document::CloneResource(resource));
  }
  if (!http::EqualsIgnoringCase(MediaType(resource.ChildValue("contentType")), kJsonPatch)) {
    return fhir::Fail(fhir::ErrorCode::kUnsupportedMedia,
                      "a Binary that patches has the contentType application/json-patch+json");
  }
  GW_ASSIGN(const std::string text, fhir::DecodeBase64(resource.ChildValue("data")));
  return JsonPatchFunction(call, text);
}

}  // namespace gateway::rest
