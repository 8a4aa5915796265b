#include <string_view>

#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/families/families.hpp"
#include "fhir/validation/families/snomed.hpp"

namespace fhir::validation {

void CheckCoding(const model::Node& coding, const FamilyContext& context, IssueList& issues) {
  const model::Node* system = coding.Child("system");
  const model::Node* code = coding.Child("code");
  if (system == nullptr) {
    return;
  }
  if (code != nullptr && system->value == kSnomedSystem && !code->value.empty() &&
      code->value.find_first_of(":|+=") == std::string_view::npos && !IsSnomedIdentifier(code->value)) {
    Report(*code, IssueType::kCodeInvalid, "an identifier of SNOMED CT with its check digit is expected", issues);
  }
  const auto loaded = context.registry.Lookup("CodeSystem", system->value)
                          ? context.terminology.FindCodeSystem(system->value)
                          : nullptr;
  if (loaded != nullptr && loaded->content() == terminology::Content::kSupplement) {
    Report(*system, IssueType::kNotFound, "a code system is expected, not one that supplements another", issues);
  }
}

}  // namespace fhir::validation
