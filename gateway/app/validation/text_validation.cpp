#include "gateway/app/validation/text_validation.hpp"

#include <optional>
#include <utility>

#include "fhir/json/reader.hpp"
#include "fhir/operation_outcome/operation_outcome.hpp"
#include "fhir/xml/reader.hpp"

namespace gateway::app {
namespace {

constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsXml(std::string_view text) {
  if (text.starts_with(kByteOrderMark)) {
    text.remove_prefix(kByteOrderMark.size());
  }
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && text[first] == '<';
}

}  // namespace

void ValidateText(std::string_view text, const fhir::validation::Validator& validator,
                  const fhir::validation::ValidatorOptions& options, fhir::IssueList& issues) {
  const auto document = IsXml(text) ? fhir::xml::ReadXml(text, options.limits, issues)
                                    : fhir::json::ReadJson(text, options.limits, issues);
  if (!document) {
    const fhir::Error& error = document.error();
    issues.AddAt(error.expression, fhir::Severity::kFatal, fhir::operation_outcome::TypeOf(error.code),
                 error.public_text.text, error.offset);
    return;
  }
  validator.Validate(document->root(), options, issues);
}

}  // namespace gateway::app
