// Whether a question is to be answered, given the other answers.
// Source: https://hl7.org/fhir/R4/questionnaire-definitions.html#Questionnaire.item.enableWhen
#pragma once

#include "fhir/model/document.hpp"

namespace fhir::validation {

/// Shape:  item is a Questionnaire.item; scope the QuestionnaireResponse, its item or answer that holds the answers to
///         the item's siblings. The question of a condition is looked for in the scope, then in what holds it, so that
///         each repetition of a group looks at its own answers.
/// Cost:   O(items of the response) for each condition.
bool IsEnabled(const model::Node& item, const model::Node& scope);

}  // namespace fhir::validation
