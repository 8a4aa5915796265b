// The table of family.hpp.
#include <span>

#include "fhir/validation/families/families.hpp"
#include "fhir/validation/family.hpp"

namespace fhir::validation {
namespace {

constexpr FamilyRow kFamilies[] = {
    {"Age", CheckQuantity},
    {"Attachment", CheckAttachment},
    {"Bundle", CheckBundle},
    {"CapabilityStatement", CheckCapabilityStatement},
    {"CodeSystem", CheckCodeSystem},
    {"Coding", CheckCoding},
    {"Coding", CheckCodingNumber},
    {"ConceptMap", CheckConceptMap},
    {"Count", CheckQuantity},
    {"Distance", CheckQuantity},
    {"Duration", CheckQuantity},
    {"Identifier", CheckIdentifier},
    {"Measure", CheckMeasure},
    {"MeasureReport", CheckMeasureReport},
    {"OperationDefinition", CheckOperationDefinition},
    {"Quantity", CheckQuantity},
    {"Questionnaire", CheckQuestionnaire},
    {"QuestionnaireResponse", CheckQuestionnaireResponse},
    {"SearchParameter", CheckSearchParameter},
    {"StructureDefinition", CheckStructureDefinition},
    {"StructureDefinition", CheckStructureDefinitionRows},
    {"ValueSet", CheckValueSet},
};

}  // namespace

std::span<const FamilyRow> Families() {
  return kFamilies;
}

}  // namespace fhir::validation
