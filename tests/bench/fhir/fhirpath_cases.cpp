#include <cstdlib>
#include <memory>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/json/reader.hpp"
#include "tests/bench/fhir/bench_case.hpp"

namespace bench {
namespace {

constexpr std::string_view kObservation = R"({"resourceType": "Observation", "id": "o", "status": "final",
  "meta": {"versionId": "1", "lastUpdated": "2025-01-31T10:00:00Z"},
  "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category",
    "code": "vital-signs"}]}],
  "code": {"coding": [{"system": "http://loinc.org", "code": "29463-7"}]},
  "subject": {"reference": "Patient/p"}, "encounter": {"reference": "Encounter/e"},
  "effectiveDateTime": "2025-01-31", "issued": "2025-01-31T10:00:00Z",
  "valueQuantity": {"value": 80.5, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"}})";

BenchCase PathCase(std::string_view text, double rate_min) {
  fhir::IssueList issues;
  auto read = fhir::json::ReadJson(kObservation, {}, issues);
  auto compiled = fhir::fhirpath::Compile(text);
  if (!read || !compiled) {
    std::abort();
  }
  const auto document = std::make_shared<const fhir::model::Document>(*std::move(read));
  const auto work = [document, expression = *std::move(compiled)] {
    const fhir::fhirpath::EvaluationContext context;
    constexpr int kTurns = 1000;
    for (int i = 0; i < kTurns; ++i) {
      const auto items = fhir::fhirpath::Evaluate(expression, context, document->root());
      if (!items || items->size() != 1) {
        std::abort();
      }
    }
    return double{kTurns};
  };
  return {.name = std::string("FHIRPath ") + std::string(text),
          .unit = "evaluations/s",
          .input = "an Observation",
          .work = work,
          .floor = {},
          .rate_min = rate_min};
}

}  // namespace

std::vector<BenchCase> FhirPathCases(const Corpus& /*corpus*/) {
  return {PathCase("Observation.value.as(Quantity).value > 4", 1'000'000),
          PathCase("Observation.code.coding.where(system = 'http://loinc.org').code", 0),
          PathCase("Observation.dataAbsentReason.empty() or Observation.value.empty()", 0)};
}

}  // namespace bench
