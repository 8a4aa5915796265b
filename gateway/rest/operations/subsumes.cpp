// CodeSystem/$subsumes. Source: https://hl7.org/fhir/R4/codesystem-operation-subsumes.html
#include <string_view>
#include <utility>

#include "fhir/packages/registry.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/terminology_question.hpp"

namespace gateway::rest::operations {
namespace {

namespace terms = fhir::terminology;

constexpr ParameterRow kSubsumesParameters[] = {
    {.name = "codeA"},
    {.name = "codeB"},
    {.name = "system"},
    {.name = "version"},
    {.name = "codingA", .kind = ParameterKind::kCoding},
    {.name = "codingB", .kind = ParameterKind::kCoding},
};

/// One side, as a code of the system or as a Coding of its own.
fhir::Result<terms::Coding> SideOf(const Parameters& parameters, std::string_view code, std::string_view coding,
                                   const terms::Coding& system) {
  if (parameters.Has(code) == parameters.Has(coding)) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "expected codeA or codingA, and codeB or codingB");
  }
  terms::Coding side = system;
  if (parameters.Has(coding)) {
    side = terms::CodingOf(*parameters.Element(coding));
    side.system = side.system.empty() ? system.system : side.system;
    side.version = side.version.empty() ? system.version : side.version;
  } else {
    side.code = parameters.Text(code);
  }
  if (side.system.empty()) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "the parameter \"system\" is missing");
  }
  return side;
}

}  // namespace

fhir::Result<http::Response> Subsumes(Call& call) {
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kSubsumesParameters));
  return AskTerminology(
      call, parameters, {},
      [&](const terms::Terminology& terminology, std::string_view canonical) -> fhir::Result<fhir::model::Document> {
        terms::Coding system{
            .system = parameters.Text("system"), .version = parameters.Text("version"), .code = {}, .display = {}};
        if (const auto given = fhir::packages::SplitCanonical(canonical); !given.url.empty()) {
          system.system = given.url;
          system.version = given.version;
        }
        GW_ASSIGN(const terms::Coding a, SideOf(parameters, "codeA", "codingA", system));
        GW_ASSIGN(const terms::Coding b, SideOf(parameters, "codeB", "codingB", system));
        return terms::SubsumesParameters(terminology, a, b);
      });
}

}  // namespace gateway::rest::operations
