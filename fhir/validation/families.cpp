// The table of family.hpp.
#include <span>

#include "fhir/validation/families/families.hpp"
#include "fhir/validation/family.hpp"

namespace fhir::validation {
namespace {

constexpr FamilyRow kFamilies[] = {
    {"Attachment", CheckAttachment},
    {"Bundle", CheckBundle},
    {"Coding", CheckCodingNumber},
    {"Identifier", CheckIdentifier},
    {"Questionnaire", CheckQuestionnaire},
    {"QuestionnaireResponse", CheckQuestionnaireResponse},
};

}  // namespace

std::span<const FamilyRow> Families() {
  return kFamilies;
}

}  // namespace fhir::validation
