// ErrorCode → OperationOutcome.issue.code and severity: the one table.
#include "fhir/operation_outcome/operation_outcome.hpp"

namespace fhir::operation_outcome {
namespace {

struct IssueTypeRow {
  ErrorCode code;
  IssueType type;
  Severity severity;
};

constexpr IssueTypeRow kIssueTypes[] = {
    {ErrorCode::kMalformed, IssueType::kStructure, Severity::kError},
    {ErrorCode::kInvalid, IssueType::kInvalid, Severity::kError},
    {ErrorCode::kNotFound, IssueType::kNotFound, Severity::kError},
    {ErrorCode::kGone, IssueType::kDeleted, Severity::kError},
    {ErrorCode::kConflict, IssueType::kConflict, Severity::kError},
    {ErrorCode::kVersionConflict, IssueType::kConflict, Severity::kError},
    {ErrorCode::kMultipleMatches, IssueType::kMultipleMatches, Severity::kError},
    {ErrorCode::kUnauthenticated, IssueType::kLogin, Severity::kError},
    {ErrorCode::kForbidden, IssueType::kForbidden, Severity::kError},
    {ErrorCode::kUnsupported, IssueType::kNotSupported, Severity::kError},
    {ErrorCode::kNotAcceptable, IssueType::kNotSupported, Severity::kError},
    {ErrorCode::kUnsupportedMedia, IssueType::kNotSupported, Severity::kError},
    {ErrorCode::kTooLarge, IssueType::kTooLong, Severity::kError},
    {ErrorCode::kTooCostly, IssueType::kTooCostly, Severity::kError},
    {ErrorCode::kTimeout, IssueType::kTimeout, Severity::kError},
    {ErrorCode::kUnavailable, IssueType::kTransient, Severity::kError},
    {ErrorCode::kPeerRefused, IssueType::kProcessing, Severity::kError},
    {ErrorCode::kConfiguration, IssueType::kException, Severity::kFatal},
    {ErrorCode::kInternal, IssueType::kException, Severity::kFatal},
};

const IssueTypeRow* FindRow(ErrorCode code) {
  for (const IssueTypeRow& row : kIssueTypes) {
    if (row.code == code) {
      return &row;
    }
  }
  return nullptr;
}

}  // namespace

std::optional<IssueType> FindType(ErrorCode code) {
  const IssueTypeRow* row = FindRow(code);
  return row == nullptr ? std::nullopt : std::optional(row->type);
}

IssueType TypeOf(ErrorCode code) {
  return FindType(code).value_or(IssueType::kException);
}

Severity SeverityOf(ErrorCode code) {
  const IssueTypeRow* row = FindRow(code);
  return row == nullptr ? Severity::kFatal : row->severity;
}

}  // namespace fhir::operation_outcome
