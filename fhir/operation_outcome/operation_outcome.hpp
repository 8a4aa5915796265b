// OperationOutcome resources from errors and issue lists. Source: https://hl7.org/fhir/R4/operationoutcome.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"

namespace fhir::operation_outcome {

/// The issue type that tells a client about an error code; unset when the table has no row for it.
std::optional<IssueType> FindType(ErrorCode code);
/// The same, with `exception` for a code without a row.
IssueType TypeOf(ErrorCode code);
/// fatal for our own failures, error for all others.
Severity SeverityOf(ErrorCode code);

/// JSON bytes with one issue per entry: severity, code, diagnostics (the public text), expression. A list that was cut
/// says so in a last issue; an empty one gives one informational issue, since the standard wants at least one.
std::string ToOperationOutcome(const IssueList& issues);
/// One issue; the internal text is never written.
std::string ToOperationOutcome(const Error& error);
/// The error's issue first, then those of the list, unless the list already holds what the error says.
std::string ToOperationOutcome(const Error& error, const IssueList& issues);
/// A note of success: one informational issue with that text.
std::string ToOperationOutcome(std::string_view information);

}  // namespace fhir::operation_outcome
