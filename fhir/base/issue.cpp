#include "fhir/base/issue.hpp"

#include <iterator>
#include <utility>

#include <fmt/format.h>

namespace fhir {

std::string_view Code(Severity severity) {
  switch (severity) {
    case Severity::kFatal:
      return "fatal";
    case Severity::kError:
      return "error";
    case Severity::kWarning:
      return "warning";
    case Severity::kInformation:
      return "information";
  }
  return "error";
}

std::string_view Code(IssueType type) {
  switch (type) {
    case IssueType::kInvalid:
      return "invalid";
    case IssueType::kStructure:
      return "structure";
    case IssueType::kRequired:
      return "required";
    case IssueType::kValue:
      return "value";
    case IssueType::kInvariant:
      return "invariant";
    case IssueType::kSecurity:
      return "security";
    case IssueType::kLogin:
      return "login";
    case IssueType::kUnknown:
      return "unknown";
    case IssueType::kExpired:
      return "expired";
    case IssueType::kForbidden:
      return "forbidden";
    case IssueType::kSuppressed:
      return "suppressed";
    case IssueType::kProcessing:
      return "processing";
    case IssueType::kNotSupported:
      return "not-supported";
    case IssueType::kDuplicate:
      return "duplicate";
    case IssueType::kMultipleMatches:
      return "multiple-matches";
    case IssueType::kNotFound:
      return "not-found";
    case IssueType::kDeleted:
      return "deleted";
    case IssueType::kTooLong:
      return "too-long";
    case IssueType::kCodeInvalid:
      return "code-invalid";
    case IssueType::kExtension:
      return "extension";
    case IssueType::kTooCostly:
      return "too-costly";
    case IssueType::kBusinessRule:
      return "business-rule";
    case IssueType::kConflict:
      return "conflict";
    case IssueType::kTransient:
      return "transient";
    case IssueType::kLockError:
      return "lock-error";
    case IssueType::kNoStore:
      return "no-store";
    case IssueType::kException:
      return "exception";
    case IssueType::kTimeout:
      return "timeout";
    case IssueType::kIncomplete:
      return "incomplete";
    case IssueType::kThrottled:
      return "throttled";
    case IssueType::kInformational:
      return "informational";
  }
  return "processing";
}

void IssueList::Add(Severity severity, IssueType type, std::string text, std::optional<std::size_t> offset) {
  const bool full = issues_.size() >= issues_max_;
  AddAt(full ? std::string() : CurrentExpression(), severity, type, std::move(text), offset);
}

void IssueList::AddAt(std::string expression, Severity severity, IssueType type, std::string text,
                      std::optional<std::size_t> offset) {
  if (severity == Severity::kFatal || severity == Severity::kError) {
    ++errors_;
  }
  if (issues_.size() >= issues_max_) {
    truncated_ = true;
    return;
  }
  issues_.push_back({severity, type, std::move(expression), std::move(text), offset});
}

std::string IssueList::CurrentExpression() const {
  std::string expression;
  for (const Step& step : path_) {
    if (!expression.empty()) {
      expression += '.';
    }
    expression += step.name;
    if (step.index >= 0) {
      fmt::format_to(std::back_inserter(expression), "[{}]", step.index);
    }
  }
  return expression;
}

}  // namespace fhir
