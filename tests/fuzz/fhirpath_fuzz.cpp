#include "tests/fuzz/fhirpath_fuzz.hpp"

#include <cstdlib>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"

namespace fhirpath_fuzz {

void TestOne(std::string_view text) {
  const auto& definitions = fhir::metadata::Definitions::R4();
  const auto compiled = fhir::fhirpath::Compile(text, definitions);
  const auto checked = fhir::fhirpath::CompileChecked(text, definitions.FindType("Patient"), definitions);
  if (checked && !compiled) std::abort();  // a check only refuses more
  if (!compiled) return;
  fhir::model::Document document(definitions.FindType("Patient"));
  document.Add(document.root(), "id", "p");
  document.Add(document.root(), "birthDate", "2000-02");
  document.Add(document.root(), "active", "true");
  auto& name = document.Add(document.root(), "name");
  document.Add(name, "family", "Essai");
  document.Add(name, "given", "A");
  document.Add(name, "given", "B");
  document.Add(document.Add(document.root(), "managingOrganization"), "reference", "Organization/1");
  fhir::fhirpath::EvaluationContext context;
  context.now = "2025-01-31T10:00:00.000+01:00";
  context.steps_max = 20'000;
  context.items_max = 1'000;
  const auto result = fhir::fhirpath::Evaluate(*compiled, context, document.root());
  if (!result) return;
  if (result->size() > 2 * context.items_max) std::abort();
  for (const auto& item : *result) {
    if (fhir::fhirpath::ItemTypeName(item, definitions).empty()) std::abort();
    (void)fhir::fhirpath::ItemText(item);
  }
}

}  // namespace fhirpath_fuzz
