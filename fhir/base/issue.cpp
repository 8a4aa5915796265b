#include "fhir/base/issue.hpp"

#include <algorithm>
#include <iterator>
#include <numeric>
#include <utility>

#include <fmt/format.h>

namespace fhir {
namespace {

std::size_t Index(Severity severity) {
  return static_cast<std::size_t>(severity);
}

}  // namespace

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
  AddAt(Keeps(severity) ? CurrentExpression() : std::string(), severity, type, std::move(text), offset);
}

bool IssueList::Keeps(Severity severity) const {
  if (issues_.size() < issues_max_) {
    return true;
  }
  for (std::size_t milder = Index(severity) + 1; milder < listed_.size(); ++milder) {
    if (listed_.at(milder) > 0) {
      return true;
    }
  }
  return false;
}

void IssueList::DropLeastSevere() {
  const auto least = std::max_element(issues_.rbegin(), issues_.rend(), [](const Issue& left, const Issue& right) {
    return left.severity < right.severity;
  });
  --listed_.at(Index(least->severity));
  issues_.erase(std::next(least).base());
}

void IssueList::AddAt(std::string expression, Severity severity, IssueType type, std::string text,
                      std::optional<std::size_t> offset) {
  ++counted_.at(Index(severity));
  if (!Keeps(severity)) {
    return;
  }
  if (issues_.size() >= issues_max_) {
    DropLeastSevere();
  }
  ++listed_.at(Index(severity));
  issues_.push_back({severity, type, std::move(expression), std::move(text), offset});
}

void IssueList::AddAll(const IssueList& other) {
  for (const Issue& issue : other.issues_) {
    AddAt(issue.expression, issue.severity, issue.type, issue.text, issue.offset);
  }
  CountLeftOut(other);
}

void IssueList::CountLeftOut(const IssueList& other) {
  for (std::size_t severity = 0; severity < counted_.size(); ++severity) {
    counted_.at(severity) += other.counted_.at(severity) - other.listed_.at(severity);
  }
}

std::size_t IssueList::left_out() const {
  return std::accumulate(counted_.begin(), counted_.end(), std::size_t{0}) - issues_.size();
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
