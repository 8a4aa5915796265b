// CodeSystem/$lookup. Source: https://hl7.org/fhir/R4/codesystem-operation-lookup.html
#include <utility>
#include <vector>

#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/terminology_question.hpp"

namespace gateway::rest::operations {
namespace {

constexpr ParameterRow kLookupParameters[] = {
    {.name = "code"},
    {.name = "system"},
    {.name = "version"},
    {.name = "coding", .kind = ParameterKind::kCoding},
    {.name = "displayLanguage"},
    {.name = "property", .repeats = true},
    {.name = "date", .kind = ParameterKind::kRefused},
};

}  // namespace

fhir::Result<http::Response> Lookup(Call& call) {
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kLookupParameters));
  GW_ASSIGN(const std::vector<fhir::terminology::Coding> codings, CodingsIn(parameters, {}, {}));
  fhir::terminology::LookupOptions options;
  options.display_language = parameters.Text("displayLanguage");
  options.properties = parameters.Texts("property");
  return AskTerminology(call, parameters, {},
                        [&](const fhir::terminology::Terminology& terminology, std::string_view /*canonical*/) {
                          return fhir::terminology::Lookup(terminology, codings.front(), options);
                        });
}

}  // namespace gateway::rest::operations
