#include "gateway/rest/operations/terminology_question.hpp"

#include <optional>
#include <utility>

#include "fhir/json/writer.hpp"
#include "gateway/rest/respond.hpp"

namespace gateway::rest::operations {

namespace port = adapters::port;
namespace terms = fhir::terminology;

fhir::Result<http::Response> AskTerminology(Call& call, const Parameters& parameters, std::string_view inline_name,
                                            const TermAsk& ask) {
  port::TerminologySource* source = call.service.ports().operations.terminology;
  if (source == nullptr) {
    return fhir::Fail(fhir::ErrorCode::kUnsupported, "this server has no terminology");
  }
  port::GivenTerminology given;
  if (!call.id.empty()) {
    given.type = call.type;
    given.id = call.id;
  } else if (!inline_name.empty() && parameters.Has(inline_name)) {
    given.type = call.type;
    given.resource = parameters.Element(inline_name);
  }
  std::optional<fhir::model::Document> answer;
  GW_TRY(source->With(call.actor, given,
                      [&](const terms::Terminology& terminology, std::string_view canonical) -> fhir::Result<void> {
                        GW_ASSIGN(answer, ask(terminology, canonical));
                        return {};
                      }));
  return JsonResponse(call, 200, fhir::json::WriteJson(answer->root()));
}

std::string CanonicalIn(const Parameters& parameters, std::string_view url, std::string_view version) {
  std::string canonical(parameters.Text(url));
  if (parameters.Has(version) && canonical.find('|') == std::string::npos) {
    canonical.append("|").append(parameters.Text(version));
  }
  return canonical;
}

fhir::Result<std::vector<terms::Coding>> CodingsIn(const Parameters& parameters, const CodeNames& names,
                                                   std::string_view system_known) {
  const int given =
      int{parameters.Has("code")} + int{parameters.Has("coding")} + int{parameters.Has("codeableConcept")};
  if (given != 1) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "expected one of the parameters code, coding and codeableConcept");
  }
  std::vector<terms::Coding> codings;
  if (const auto* coding = parameters.Element("coding")) {
    codings.push_back(terms::CodingOf(*coding));
  } else if (const auto* concept_node = parameters.Element("codeableConcept")) {
    codings = terms::CodingsOf(*concept_node);
  } else {
    if (system_known.empty() && !parameters.Has(names.system)) {
      return parameters.Refuse(fhir::ErrorCode::kMalformed, "code", "a code needs its system");
    }
    codings.push_back({.system = names.system.empty() ? std::string_view() : parameters.Text(names.system),
                       .version = parameters.Text(names.version),
                       .code = parameters.Text("code"),
                       .display = parameters.Text("display")});
  }
  for (terms::Coding& coding : codings) {
    if (coding.system.empty()) {
      coding.system = system_known;
    }
  }
  return codings;
}

}  // namespace gateway::rest::operations
