// The limits that a question sets its answers. Source: https://hl7.org/fhir/R4/questionnaire-profiles.html#extensions
#pragma once

#include "fhir/base/issue.hpp"
#include "fhir/model/document.hpp"
#include "fhir/validation/family.hpp"

namespace fhir::validation {

/// Shape: value is the answer's value, of a type that fits the question.
void CheckAnswerLimits(const model::Node& item, const model::Node& answer, const model::Node& value,
                       const FamilyContext& context, IssueList& issues);

}  // namespace fhir::validation
