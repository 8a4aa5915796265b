// $validate-code of value sets and of code systems.
// Source: https://hl7.org/fhir/R4/valueset-operation-validate-code.html,
//         https://hl7.org/fhir/R4/codesystem-operation-validate-code.html
#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/packages/registry.hpp"
#include "fhir/terminology/computed_system.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/terminology_question.hpp"

namespace gateway::rest::operations {
namespace {

namespace terms = fhir::terminology;

constexpr ParameterRow kInValueSetParameters[] = {
    {.name = "url"},
    {.name = "valueSet", .kind = ParameterKind::kResource, .resource_type = "ValueSet"},
    {.name = "valueSetVersion"},
    {.name = "code"},
    {.name = "system"},
    {.name = "systemVersion"},
    {.name = "display"},
    {.name = "coding", .kind = ParameterKind::kCoding},
    {.name = "codeableConcept", .kind = ParameterKind::kCodeableConcept},
    {.name = "abstract", .kind = ParameterKind::kBoolean},
    {.name = "displayLanguage"},  // a display counts in any language
    {.name = "context", .kind = ParameterKind::kRefused},
    {.name = "date", .kind = ParameterKind::kRefused},
};

constexpr ParameterRow kInCodeSystemParameters[] = {
    {.name = "url"},
    {.name = "codeSystem", .kind = ParameterKind::kResource, .resource_type = "CodeSystem"},
    {.name = "code"},
    {.name = "version"},
    {.name = "display"},
    {.name = "coding", .kind = ParameterKind::kCoding},
    {.name = "codeableConcept", .kind = ParameterKind::kCodeableConcept},
    {.name = "abstract", .kind = ParameterKind::kBoolean},
    {.name = "displayLanguage"},
    {.name = "date", .kind = ParameterKind::kRefused},
};

}  // namespace

fhir::Result<http::Response> ValidateCodeInValueSet(Call& call) {
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kInValueSetParameters));
  const bool given = !call.id.empty() || parameters.Has("valueSet");
  if (given == parameters.Has("url")) {
    return fhir::Fail(fhir::ErrorCode::kMalformed,
                      "expected one value set: the parameter url, the parameter valueSet, or an id in the path");
  }
  GW_ASSIGN(const std::vector<terms::Coding> codings,
            CodingsIn(parameters, {.system = "system", .version = "systemVersion"}, {}));
  const terms::ValidateOptions options{.abstract_allowed = parameters.Flag("abstract", true)};
  return AskTerminology(
      call, parameters, "valueSet", [&](const terms::Terminology& terminology, std::string_view canonical) {
        return terms::ValidateCodeParameters(
            terminology, given ? canonical : CanonicalIn(parameters, "url", "valueSetVersion"), codings, options);
      });
}

fhir::Result<http::Response> ValidateCodeInCodeSystem(Call& call) {
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kInCodeSystemParameters));
  const bool given = !call.id.empty() || parameters.Has("codeSystem");
  if (given && parameters.Has("url")) {
    return parameters.Refuse(fhir::ErrorCode::kMalformed, "url", "the code system is given already");
  }
  return AskTerminology(
      call, parameters, "codeSystem",
      [&](const terms::Terminology& terminology, std::string_view canonical) -> fhir::Result<fhir::model::Document> {
        const std::string_view url = given ? fhir::packages::SplitCanonical(canonical).url : parameters.Text("url");
        GW_ASSIGN(std::vector<terms::Coding> codings, CodingsIn(parameters, {.system = "url"}, url));
        if (parameters.Has("codeableConcept") && !url.empty()) {
          std::erase_if(codings, [&](const terms::Coding& coding) { return coding.system != url; });
        }
        for (const terms::Coding& coding : codings) {
          if (!url.empty() && coding.system != url) {
            return parameters.Refuse(fhir::ErrorCode::kMalformed, "coding",
                                     "the system of the coding is not the code system asked about");
          }
          if (terminology.FindCodeSystem(coding.system) == nullptr && !terms::IsComputedSystem(coding.system)) {
            return fhir::Fail(fhir::ErrorCode::kNotFound,
                              fmt::format("the code system {} is not loaded", coding.system));
          }
        }
        return terms::ValidateInSystemParameters(terminology, codings,
                                                 {.abstract_allowed = parameters.Flag("abstract", true)});
      });
}

}  // namespace gateway::rest::operations
