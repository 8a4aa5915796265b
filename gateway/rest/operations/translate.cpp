// ConceptMap/$translate. Source: https://hl7.org/fhir/R4/conceptmap-operation-translate.html
#include <string>
#include <utility>
#include <vector>

#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/terminology_question.hpp"

namespace gateway::rest::operations {
namespace {

namespace terms = fhir::terminology;

constexpr ParameterRow kTranslateParameters[] = {
    {.name = "url"},
    {.name = "conceptMap", .kind = ParameterKind::kResource, .resource_type = "ConceptMap"},
    {.name = "conceptMapVersion"},
    {.name = "code"},
    {.name = "system"},
    {.name = "version"},
    {.name = "source"},
    {.name = "coding", .kind = ParameterKind::kCoding},
    {.name = "codeableConcept", .kind = ParameterKind::kCodeableConcept},
    {.name = "target"},
    {.name = "targetsystem"},
    {.name = "reverse", .kind = ParameterKind::kBoolean},
    {.name = "dependency", .kind = ParameterKind::kRefused, .repeats = true},
};

}  // namespace

fhir::Result<http::Response> Translate(Call& call) {
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kTranslateParameters));
  const bool given = !call.id.empty() || parameters.Has("conceptMap");
  if (given && parameters.Has("url")) {
    return parameters.Refuse(fhir::ErrorCode::kMalformed, "url", "the concept map is given already");
  }
  GW_ASSIGN(const std::vector<terms::Coding> codings, CodingsIn(parameters, {}, {}));
  return AskTerminology(call, parameters, "conceptMap",
                        [&](const terms::Terminology& terminology, std::string_view canonical) {
                          const std::string named = CanonicalIn(parameters, "url", "conceptMapVersion");
                          terms::TranslateOptions options;
                          options.concept_map = given ? canonical : std::string_view(named);
                          options.source = parameters.Text("source");
                          options.target = parameters.Text("target");
                          options.target_system = parameters.Text("targetsystem");
                          options.reverse = parameters.Flag("reverse");
                          return terms::Translate(terminology, codings, options);
                        });
}

}  // namespace gateway::rest::operations
