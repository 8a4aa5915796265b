#include "fhir/ucum/ucum.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {

void CheckQuantity(const model::Node& quantity, const FamilyContext& /*context*/, IssueList& issues) {
  const model::Node* code = quantity.Child("code");
  if (code != nullptr && code->HasValue() && quantity.ChildValue("system") == ucum::kSystem &&
      !ucum::IsUnit(code->value)) {
    Report(*code, IssueType::kCodeInvalid, "a unit of UCUM in its case-sensitive form is expected", issues);
  }
}

}  // namespace fhir::validation
