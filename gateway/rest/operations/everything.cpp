// Patient/$everything, of one or of all, and Encounter/$everything: a compartment, page by page, and what its resources
// refer to. Source: https://hl7.org/fhir/R4/patient-operation-everything.html,
//                   https://hl7.org/fhir/R4/encounter-operation-everything.html
#include <algorithm>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "fhir/base/date_time.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/parameters.hpp"
#include "gateway/rest/operations/searchset.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest::operations {
namespace {

namespace port = adapters::port;

constexpr ParameterRow kEverythingOfPatient[] = {
    {.name = "start", .kind = ParameterKind::kMoment},    {.name = "end", .kind = ParameterKind::kMoment},
    {.name = "_since", .kind = ParameterKind::kMoment},   {.name = "_type", .repeats = true},
    {.name = "_count", .kind = ParameterKind::kPositive}, {.name = "_cursor"},
};
constexpr ParameterRow kEverythingOfEncounter[] = {
    {.name = "_since", .kind = ParameterKind::kMoment},
    {.name = "_type", .repeats = true},
    {.name = "_count", .kind = ParameterKind::kPositive},
    {.name = "_cursor"},
};

/// The trail tells who looked, and grows with every look: it is no part of the record unless somebody asks for it.
constexpr std::string_view kTrail = "AuditEvent";

constexpr int kPageMax = 1'000'000;  // the store has its own, smaller one

/// The types of one or more lists between commas.
fhir::Result<std::vector<fhir::metadata::TypeId>> TypesIn(const Call& call, const Parameters& parameters) {
  std::vector<fhir::metadata::TypeId> types;
  for (std::string_view list : parameters.Texts("_type")) {
    while (!list.empty()) {
      const std::size_t comma = std::min(list.find(','), list.size());
      const fhir::metadata::TypeId type = call.definitions().FindType(list.substr(0, comma));
      if (!call.definitions().IsResource(type)) {
        return parameters.Refuse(fhir::ErrorCode::kMalformed, "_type", "_type must name resource types of FHIR R4");
      }
      types.push_back(type);
      list.remove_prefix(std::min(comma + 1, list.size()));
    }
  }
  return types;
}

/// The stretch of time that a date or instant stands for, in the zone of the server.
fhir::Result<fhir::UsRange> RangeIn(const Call& call, const Parameters& parameters, std::string_view name) {
  GW_ASSIGN(const fhir::DateTime moment, fhir::ParseDateTime(parameters.Text(name)));
  return fhir::ToRange(moment, call.options().zone);
}

fhir::Result<port::CompartmentQuery> ReadEverything(const Call& call, const Parameters& parameters) {
  port::CompartmentQuery query;
  query.compartment = call.type;
  query.id = call.id;
  GW_ASSIGN(query.types, TypesIn(call, parameters));
  const fhir::metadata::TypeId trail = call.definitions().FindType(kTrail);
  if (std::ranges::find(query.types, trail) == query.types.end()) {
    query.left_out.push_back(trail);
  }
  if (parameters.Has("_since")) {
    GW_ASSIGN(const fhir::UsRange since, RangeIn(call, parameters, "_since"));
    query.since_us = since.low_us;
  }
  if (parameters.Has("start")) {
    GW_ASSIGN(const fhir::UsRange start, RangeIn(call, parameters, "start"));
    query.start_us = start.low_us;
  }
  if (parameters.Has("end")) {
    GW_ASSIGN(const fhir::UsRange end, RangeIn(call, parameters, "end"));
    query.end_us = end.high_us;
  }
  if (const auto count = parameters.Number("_count")) {
    query.count = static_cast<int>(std::min<std::int64_t>(*count, kPageMax));
  }
  query.cursor = parameters.Text("_cursor");
  return query;
}

std::string EverythingUrl(const Call& call, const Parameters& parameters, std::string_view cursor) {
  std::vector<std::pair<std::string_view, std::string_view>> pairs;
  for (const std::string_view name : {"start", "end", "_since", "_count"}) {
    pairs.emplace_back(name, parameters.Text(name));
  }
  for (const std::string_view types : parameters.Texts("_type")) {
    pairs.emplace_back("_type", types);
  }
  pairs.emplace_back("_cursor", cursor);
  return OperationUrl(call, pairs);
}

fhir::Result<http::Response> AnswerEverything(Call& call, std::span<const ParameterRow> rows) {
  port::ResourceViews* views = call.service.ports().operations.views;
  if (views == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server does not offer the operation");
  }
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, rows));
  GW_ASSIGN(const port::CompartmentQuery query, ReadEverything(call, parameters));
  if (!call.id.empty()) {
    // Absent, deleted or not granted is an answer of its own: nothing at all would be none.
    GW_TRY(call.service.ports().store.Read(call.actor, call.type, call.id, std::nullopt));
  }
  GW_ASSIGN(const auto page, views->Compartment(call.actor, query));
  const auto link = [&](std::string_view cursor) {
    return cursor.empty() ? std::string() : EverythingUrl(call, parameters, cursor);
  };
  Searchset searchset;
  searchset.entries = EntriesOf(call, page.hits);
  searchset.total = page.total;
  searchset.self = EverythingUrl(call, parameters, query.cursor);
  searchset.first = link(page.first_cursor);
  searchset.previous = link(page.previous_cursor);
  searchset.next = link(page.next_cursor);
  return SearchsetResponse(call, searchset);
}

}  // namespace

fhir::Result<http::Response> EverythingOfPatient(Call& call) {
  return AnswerEverything(call, kEverythingOfPatient);
}

fhir::Result<http::Response> EverythingOfEncounter(Call& call) {
  return AnswerEverything(call, kEverythingOfEncounter);
}

}  // namespace gateway::rest::operations
