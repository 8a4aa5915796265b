// Validates the text of one resource, JSON or XML, from its bytes to its issues: what `passerelle validate` does with
// each file.
#pragma once

#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/validation/validator.hpp"

namespace gateway::app {

/// Issues kept of one file.
inline constexpr std::size_t kFileIssuesMax = 1000;

/// Shape:  text begins with '<' for XML, and is JSON otherwise; a byte order mark and white space before it do not
///         matter.
/// Cost:   reading and one validation.
/// Errors: as issues: a text that cannot be read gives one of severity fatal with its offset.
void ValidateText(std::string_view text, const fhir::validation::Validator& validator,
                  const fhir::validation::ValidatorOptions& options, fhir::IssueList& issues);

}  // namespace gateway::app
