// $import: files of NDJSON that the server fetches and loads in the background.
// Source: https://github.com/smart-on-fhir/bulk-import/blob/master/import-manifest.md
#include <fmt/format.h>

#include <string>
#include <utility>

#include "fhir/model/document.hpp"
#include "gateway/rest/accept_job.hpp"
#include "gateway/rest/body.hpp"
#include "gateway/rest/bulk_import/import_job.hpp"
#include "gateway/rest/operations/operations.hpp"

namespace gateway::rest::operations {
namespace {

using fhir::model::Node;

constexpr std::size_t kInputsMax = 10'000;

std::unexpected<fhir::Error> RefuseAt(fhir::ErrorCode code, std::string place, std::string text) {
  auto failure = fhir::Fail(code, std::move(text));
  failure.error().expression = std::move(place);
  return failure;
}

/// The text of a primitive value[x].
std::string_view ValueOf(const Node& parameter) {
  for (const std::string_view name : {"valueUri", "valueUrl", "valueCode", "valueString", "valueCanonical"}) {
    if (const Node* value = parameter.Child(name)) {
      return value->value;
    }
  }
  return {};
}

fhir::Result<bulk_import::ImportInput> ReadInput(const Call& call, const Node& parameter, const std::string& place) {
  bulk_import::ImportInput input;
  for (const Node& part : parameter.children()) {
    if (part.name == "part" && part.ChildValue("name") == "type") {
      input.type = ValueOf(part);
    } else if (part.name == "part" && part.ChildValue("name") == "url") {
      input.url = ValueOf(part);
    }
  }
  if (!call.definitions().IsResource(call.definitions().FindType(input.type))) {
    return RefuseAt(fhir::ErrorCode::kMalformed, place, "an input has a part \"type\", a resource type of FHIR R4");
  }
  if (!bulk_import::IsAllowedSource(input.url, call.options().import_sources)) {
    return RefuseAt(fhir::ErrorCode::kForbidden, place,
                    "the setting jobs.import_sources of this server does not allow the part \"url\" of this input");
  }
  return input;
}

bool IsNdjsonName(std::string_view format) {
  return format.empty() || format == "application/fhir+ndjson" || format == "application/ndjson" || format == "ndjson";
}

fhir::Result<bulk_import::ImportOrder> ReadImportOrder(Call& call) {
  GW_ASSIGN(const fhir::model::Document document, ReadResource(call));
  if (document.type_name() != "Parameters") {
    return RefuseAt(fhir::ErrorCode::kMalformed, std::string(document.type_name()),
                    "the body must be a Parameters resource");
  }
  bulk_import::ImportOrder order;
  std::size_t position = 0;
  for (const Node& child : document.root().children()) {
    if (child.name != "parameter") {
      continue;
    }
    const std::string place = fmt::format("Parameters.parameter[{}]", position++);
    const std::string_view name = child.ChildValue("name");
    if (name == "input") {
      GW_ASSIGN(bulk_import::ImportInput input, ReadInput(call, child, place));
      order.inputs.push_back(std::move(input));
    } else if (name == "inputSource") {
      order.source = ValueOf(child);
    } else if (name == "inputFormat") {
      if (!IsNdjsonName(ValueOf(child))) {
        return RefuseAt(fhir::ErrorCode::kUnsupported, place, "expected the inputFormat application/fhir+ndjson");
      }
    } else if (name != "storageDetail") {  // where the URLs lead is said by themselves
      return RefuseAt(fhir::ErrorCode::kMalformed, place, "expected: inputFormat, inputSource, storageDetail, input");
    }
  }
  if (order.inputs.empty() || order.inputs.size() > kInputsMax) {
    return RefuseAt(fhir::ErrorCode::kMalformed, "Parameters.parameter",
                    fmt::format("expected from 1 to {} parameters \"input\"", kInputsMax));
  }
  order.request = call.options().base_url + "/$import";
  return order;
}

}  // namespace

fhir::Result<http::Response> Import(Call& call) {
  if (call.service.ports().operations.job_files == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
  }
  if (!call.preferences.respond_async) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "an import needs the header Prefer: respond-async");
  }
  if (call.options().import_sources.empty()) {
    return fhir::Fail(fhir::ErrorCode::kForbidden,
                      "the setting jobs.import_sources of this server allows no source to import from");
  }
  GW_ASSIGN(const bulk_import::ImportOrder order, ReadImportOrder(call));
  adapters::port::NewJob job;
  job.kind = bulk_import::kImportJob;
  job.owner = adapters::port::OwnerOf(call.actor);
  job.parameters = bulk_import::WriteOrder(order);
  job.lifetime_ms = call.options().job_lifetime_ms;
  return AcceptJob(call, job);
}

}  // namespace gateway::rest::operations
