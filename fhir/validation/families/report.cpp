#include <utility>

#include "fhir/validation/expression.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {

void Report(const model::Node& node, IssueType type, std::string text, IssueList& issues, Severity severity) {
  issues.AddAt(issues.Keeps(severity) ? ExpressionOf(node) : std::string(), severity, type, std::move(text),
               node.source_offset);
}

}  // namespace fhir::validation
