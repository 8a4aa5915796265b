// One answer against its question: type, options, limits.
#pragma once

#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"
#include "fhir/validation/family.hpp"

namespace fhir::validation {

/// Shape:  item is a Questionnaire.item that is neither group nor display, answer a QuestionnaireResponse.item.answer.
/// Errors: as issues: a value of another type than the question's, not among its options or in its value set, outside
///         of its limits (maxLength and the published extensions for the least and greatest value, length, size,
///         decimal places, units and types of references).
/// Source: https://hl7.org/fhir/R4/questionnaire.html#restrictions
void CheckAnswer(const model::Node& item, const model::Node& answer, const FamilyContext& context, IssueList& issues);

}  // namespace fhir::validation
