// GET [base]?_type=… and POST [base]/_search; GET [base]/Patient/1/Observation and GET [base]/Patient/1/*.
// Source: https://hl7.org/fhir/R4/http.html#search
#include <fmt/format.h>

#include <string>
#include <vector>

#include "gateway/rest/interactions/interactions.hpp"
#include "gateway/rest/searching.hpp"

namespace gateway::rest {
namespace {

/// The resource that names a compartment is in it.
bool InCompartment(const Call& call, fhir::metadata::TypeId compartment, fhir::metadata::TypeId type) {
  return type == compartment || !call.definitions().CompartmentParameters(compartment, type).empty();
}

/// The types of the path's last part: one, or with "*" all in the compartment.
fhir::Result<std::vector<fhir::metadata::TypeId>> Members(const Call& call, std::string_view member) {
  std::vector<fhir::metadata::TypeId> types;
  for (const auto type : call.definitions().ResourceTypes()) {
    if ((member == "*" || member == call.definitions().TypeName(type)) && InCompartment(call, call.type, type)) {
      types.push_back(type);
    }
  }
  // A type that has no compartment would have itself alone.
  if (types.empty() || (member == "*" && types.size() == 1)) {
    return fhir::Fail(fhir::ErrorCode::kNotFound,
                      fmt::format("{} has no compartment with that type in it", call.type_name()));
  }
  return types;
}

}  // namespace

fhir::Result<http::Response> SearchSystem(Call& call) {
  return RunSearch(call, call.definitions().ResourceTypes(), std::nullopt);
}

fhir::Result<http::Response> SearchCompartment(Call& call) {
  std::string member;
  for (const auto& [name, value] : call.request.path_parameters) {
    if (name == "member") {
      member = value;
    }
  }
  GW_ASSIGN(const std::vector<fhir::metadata::TypeId> types, Members(call, member));
  fhir::search::Criterion inside;
  inside.kind = fhir::search::CriterionKind::kCompartment;
  inside.compartment = fhir::search::Compartment{call.type, std::string(call.id)};
  // The search is one of the members' type; the path's own resource is no entity of the audit, nor read.
  call.id = {};
  if (types.size() > 1) {
    call.type = fhir::metadata::kNoType;
    return RunSearch(call, types, std::move(inside));
  }
  call.type = types.front();
  return RunSearch(call, {}, std::move(inside));
}

}  // namespace gateway::rest
