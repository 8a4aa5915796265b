#include <string>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "fhir/validation/expression.hpp"
#include "fhir/validation/families/families.hpp"
#include "fhir/validation/snapshot.hpp"

namespace fhir::validation {

void CheckStructureDefinition(const model::Node& definition, const FamilyContext& context, IssueList& issues) {
  if (definition.ChildValue("derivation") != "constraint" || definition.Child("differential") == nullptr) {
    return;
  }
  IssueList found;
  const auto made = GenerateSnapshot(definition, context.registry, found);
  if (!made && made.error().code == ErrorCode::kNotFound) {
    Report(definition, IssueType::kNotFound, "the base of the profile is not loaded, so that it is not checked", issues,
           Severity::kWarning);
    return;
  }
  if (!made) {
    Report(definition, IssueType::kException, made.error().public_text.text, issues);
  }
  constexpr std::string_view kRoot = "StructureDefinition";
  const std::string place = ExpressionOf(definition);
  bool unmatched = false;
  for (const Issue& issue : found.issues()) {
    unmatched = unmatched || issue.type == IssueType::kValue || issue.type == IssueType::kStructure;
    issues.AddAt(place + issue.expression.substr(std::min(kRoot.size(), issue.expression.size())), issue.severity,
                 issue.type, issue.text, issue.offset);
  }
  issues.CountLeftOut(found);
  if (unmatched) {
    Report(definition, IssueType::kValue,
           "a differential is expected that is about elements of the base alone, in their order", issues);
  }
}

}  // namespace fhir::validation
