// $export of the system, of all patients and of a group's: the order is checked and becomes a job.
// Source: https://hl7.org/fhir/uv/bulkdata/STU2/export.html
#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "adapters/port/bulk_export.hpp"
#include "adapters/port/reference.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/base/issue.hpp"
#include "fhir/json/reader.hpp"
#include "gateway/rest/accept_job.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/parameters.hpp"

namespace gateway::rest::operations {
namespace {

namespace port = adapters::port;
using fhir::metadata::TypeId;
using fhir::model::Node;

constexpr ParameterRow kExportParameters[] = {
    {.name = "_outputFormat"},
    {.name = "_since", .kind = ParameterKind::kMoment},
    {.name = "_type", .repeats = true},
    {.name = "_typeFilter", .repeats = true},
    {.name = "_elements", .repeats = true},
    {.name = "includeAssociatedData", .kind = ParameterKind::kRefused},
    {.name = "patient", .kind = ParameterKind::kRefused},
};

/// Tells who looked at what: no part of the record unless somebody asks for it.
constexpr std::string_view kTrailOfExport = "AuditEvent";

bool IsNdjson(std::string_view format) {
  return format.empty() || format == "application/fhir+ndjson" || format == "application/ndjson" ||
         format == "ndjson" || format == "application/fhir ndjson";  // a '+' that the client did not encode
}

std::vector<std::string> ItemsOf(const std::vector<std::string_view>& lists) {
  std::vector<std::string> items;
  for (std::string_view list : lists) {
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      if (comma > 0) {
        items.emplace_back(list.substr(0, comma));
      }
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
  }
  return items;
}

/// Where the next filter of a list begins: after a comma with "Type?" behind it. Other commas belong to values.
std::size_t NextFilter(std::string_view list, std::size_t from) {
  for (std::size_t comma = list.find(',', from); comma != std::string_view::npos; comma = list.find(',', comma + 1)) {
    const std::string_view rest = list.substr(comma + 1);
    const std::size_t mark = rest.find('?');
    if (mark != std::string_view::npos && mark > 0 && rest.front() >= 'A' && rest.front() <= 'Z' &&
        std::ranges::all_of(rest.substr(0, mark),
                            [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); })) {
      return comma;
    }
  }
  return list.size();
}

fhir::Result<std::vector<TypeId>> TypesOfExport(const Call& call, const Parameters& parameters,
                                                port::ExportLevel level) {
  std::vector<TypeId> types;
  for (const std::string& name : ItemsOf(parameters.Texts("_type"))) {
    const TypeId type = call.definitions().FindType(name);
    if (!call.definitions().IsResource(type)) {
      return parameters.Refuse(fhir::ErrorCode::kMalformed, "_type", "_type must name resource types of FHIR R4");
    }
    if (std::ranges::find(types, type) == types.end()) {
      types.push_back(type);
    }
  }
  if (!types.empty()) {
    return types;
  }
  const TypeId patient = call.definitions().FindType("Patient");
  for (const TypeId type : call.definitions().ResourceTypes()) {
    const bool granted =
        call.actor.grants != nullptr && (call.actor.grants->unrestricted || call.actor.grants->by_type.contains(type));
    const bool inside = level == port::ExportLevel::kSystem || type == patient ||
                        !call.definitions().CompartmentParameters(patient, type).empty();
    if (granted && inside && call.definitions().TypeName(type) != kTrailOfExport) {
      types.push_back(type);
    }
  }
  return types;
}

fhir::Result<std::vector<std::string>> FiltersOf(const Call& call, const Parameters& parameters,
                                                 const std::vector<TypeId>& types) {
  std::vector<std::string> filters;
  for (std::string_view list : parameters.Texts("_typeFilter")) {
    while (!list.empty()) {
      const std::size_t end = NextFilter(list, 0);
      const std::string_view filter = list.substr(0, end);
      const TypeId type = call.definitions().FindType(filter.substr(0, filter.find('?')));
      if (filter.find('?') == std::string_view::npos || std::ranges::find(types, type) == types.end()) {
        return parameters.Refuse(fhir::ErrorCode::kMalformed, "_typeFilter",
                                 "_typeFilter must be searches of types that are exported: Type?parameter=value");
      }
      filters.emplace_back(filter);
      list.remove_prefix(std::min(end + 1, list.size()));
    }
  }
  return filters;
}

/// Ids of the patients who are members no more.
fhir::Result<std::vector<std::string>> InactiveMembers(Call& call) {
  GW_ASSIGN(const port::StoredResource group,
            call.service.ports().store.Read(call.actor, call.type, call.id, std::nullopt));
  fhir::IssueList ignored(1);
  GW_ASSIGN(const fhir::model::Document document, fhir::json::ReadJson(group.body, call.options().limits, ignored));
  std::vector<std::string> left_out;
  constexpr std::string_view kPatient = "Patient/";
  for (const Node& member : document.root().children()) {
    const Node* entity = member.name == "member" ? member.Child("entity") : nullptr;
    if (entity == nullptr || member.ChildValue("inactive") != "true") {
      continue;
    }
    std::string_view reference = entity->ChildValue("reference");
    if (reference.starts_with(call.options().base_url + "/")) {
      reference.remove_prefix(call.options().base_url.size() + 1);
    }
    if (reference.starts_with(kPatient)) {
      reference.remove_prefix(kPatient.size());
      left_out.emplace_back(reference.substr(0, reference.find('/')));
    }
  }
  return left_out;
}

fhir::Result<http::Response> AcceptExport(Call& call, port::ExportLevel level) {
  port::BulkExport* exports = call.service.ports().operations.exports;
  if (exports == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
  }
  if (!call.preferences.respond_async) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "an export needs the header Prefer: respond-async");
  }
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kExportParameters));
  if (!IsNdjson(parameters.Text("_outputFormat"))) {
    return parameters.Refuse(fhir::ErrorCode::kUnsupported, "_outputFormat", "expected application/fhir+ndjson");
  }
  port::ExportOrder order;
  order.level = level;
  if (level == port::ExportLevel::kGroup) {
    order.group = call.id;
    GW_ASSIGN(order.patients_left_out, InactiveMembers(call));
  }
  GW_ASSIGN(order.types, TypesOfExport(call, parameters, level));
  GW_ASSIGN(order.filters, FiltersOf(call, parameters, order.types));
  if (parameters.Has("_since")) {
    GW_ASSIGN(const fhir::DateTime since, fhir::ParseDateTime(parameters.Text("_since")));
    GW_ASSIGN(const fhir::UsRange range, fhir::ToRange(since, call.options().zone));
    order.since_us = range.low_us;
  }
  order.elements = ItemsOf(parameters.Texts("_elements"));
  order.request = call.options().base_url +
                  call.request.target.substr(std::min(call.options().base_path.size(), call.request.target.size()));
  order.token_needed = call.actor.kind != port::PartyKind::kOpen;
  auto job = exports->Plan(call.actor, order);
  if (!job) {
    return parameters.Refuse(job.error().code, "_typeFilter", job.error().public_text.text);
  }
  return AcceptJob(call, *job);
}

}  // namespace

fhir::Result<http::Response> ExportSystem(Call& call) {
  return AcceptExport(call, port::ExportLevel::kSystem);
}

fhir::Result<http::Response> ExportPatients(Call& call) {
  return AcceptExport(call, port::ExportLevel::kPatients);
}

fhir::Result<http::Response> ExportGroup(Call& call) {
  return AcceptExport(call, port::ExportLevel::kGroup);
}

}  // namespace gateway::rest::operations
