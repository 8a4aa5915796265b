// ValueSet/$expand. Source: https://hl7.org/fhir/R4/valueset-operation-expand.html
#include <algorithm>
#include <string>
#include <utility>

#include "fhir/base/date_time.hpp"
#include "gateway/rest/operations/operations.hpp"
#include "gateway/rest/operations/terminology_question.hpp"

namespace gateway::rest::operations {
namespace {

constexpr ParameterRow kExpandParameters[] = {
    {.name = "url"},
    {.name = "valueSet", .kind = ParameterKind::kResource, .resource_type = "ValueSet"},
    {.name = "valueSetVersion"},
    {.name = "filter"},
    {.name = "offset", .kind = ParameterKind::kInteger},
    {.name = "count", .kind = ParameterKind::kInteger},
    {.name = "includeDesignations", .kind = ParameterKind::kBoolean},
    {.name = "includeDefinition", .kind = ParameterKind::kBoolean},
    {.name = "activeOnly", .kind = ParameterKind::kBoolean},
    {.name = "excludeNested", .kind = ParameterKind::kBoolean},
    {.name = "displayLanguage"},
    {.name = "context", .kind = ParameterKind::kRefused},
    {.name = "contextDirection", .kind = ParameterKind::kRefused},
    {.name = "date", .kind = ParameterKind::kRefused},
    {.name = "designation", .kind = ParameterKind::kRefused},
    {.name = "excludeNotForUI", .kind = ParameterKind::kRefused},
    {.name = "excludePostCoordinated", .kind = ParameterKind::kRefused},
    {.name = "exclude-system", .kind = ParameterKind::kRefused},
    {.name = "system-version", .kind = ParameterKind::kRefused},
    {.name = "check-system-version", .kind = ParameterKind::kRefused},
    {.name = "force-system-version", .kind = ParameterKind::kRefused},
};

constexpr std::size_t kWholeCodesMax = 100'000;    // of an answer, a whole expansion or a page
constexpr std::size_t kPagedCodesMax = 2'000'000;  // looked at for a page

}  // namespace

fhir::Result<http::Response> Expand(Call& call) {
  GW_ASSIGN(const Parameters parameters, Parameters::Read(call, kExpandParameters));
  const bool given = !call.id.empty() || parameters.Has("valueSet");
  if (given == parameters.Has("url")) {
    return fhir::Fail(fhir::ErrorCode::kMalformed,
                      "expected one value set: the parameter url, the parameter valueSet, or an id in the path");
  }
  const std::string timestamp =
      call.service.ports().clock == nullptr ? std::string() : fhir::FormatInstant(call.service.ports().clock->NowUs());
  fhir::terminology::ExpandOptions options;
  options.timestamp = timestamp;
  options.filter = parameters.Text("filter");
  options.offset = static_cast<std::size_t>(parameters.Number("offset").value_or(0));
  if (const auto count = parameters.Number("count")) {
    // A page may be smaller than what is asked for; `total` says that there is more.
    options.count = std::min(static_cast<std::size_t>(*count), kWholeCodesMax);
  }
  options.include_designations = parameters.Flag("includeDesignations");
  options.include_definition = parameters.Flag("includeDefinition");
  options.active_only = parameters.Flag("activeOnly");
  options.exclude_nested = parameters.Flag("excludeNested");
  options.display_language = parameters.Text("displayLanguage");
  options.codes_max = options.count ? kPagedCodesMax : kWholeCodesMax;
  return AskTerminology(call, parameters, "valueSet",
                        [&](const fhir::terminology::Terminology& terminology,
                            std::string_view canonical) -> fhir::Result<fhir::model::Document> {
                          auto expanded = fhir::terminology::Expand(
                              terminology, given ? canonical : CanonicalIn(parameters, "url", "valueSetVersion"),
                              options);
                          if (!expanded && expanded.error().code == fhir::ErrorCode::kUnsupported) {
                            // The request is in order; what the value set is made of is not there.
                            expanded.error().code = fhir::ErrorCode::kInvalid;
                          }
                          return expanded;
                        });
}

}  // namespace gateway::rest::operations
