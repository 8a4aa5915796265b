// OperationOutcome resources from errors and issue lists. Source: https://hl7.org/fhir/R4/operationoutcome.html
#pragma once

#include <cstddef>
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
/// Where the issues of a text come from.
struct SourceText {
  std::string_view text;       ///< what the offsets of the issues count in
  std::string_view name;       ///< of the file; left out when empty
  std::size_t first_line = 1;  ///< of the text in that file
};
/// The same for a text that people read: every issue with the line and column of its offset, and the outcome with the
/// name of the file, in the extensions that the published validators use for them.
/// Cost: O(bytes of the text) when an issue has an offset.
std::string ToOperationOutcome(const IssueList& issues, const SourceText& source);
/// One issue; the internal text is never written.
std::string ToOperationOutcome(const Error& error);
/// The error's issue first, then those of the list, unless the list already holds what the error says.
std::string ToOperationOutcome(const Error& error, const IssueList& issues);
/// A note of success: one informational issue with that text.
std::string ToOperationOutcome(std::string_view information);

}  // namespace fhir::operation_outcome
