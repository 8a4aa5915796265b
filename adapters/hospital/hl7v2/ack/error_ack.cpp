#include "adapters/hospital/hl7v2/ack/error_ack.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace adapters::hospital::hl7v2::ack {
namespace {

using enum fhir::ErrorCode;
using er7::Condition;

constexpr ErrorRow kRows[] = {
    {kMalformed, Code::kAE, Condition::kDataType},
    {kInvalid, Code::kAE, Condition::kDataType},
    {kNotFound, Code::kAE, Condition::kUnknownKey},
    {kGone, Code::kAE, Condition::kUnknownKey},
    {kConflict, Code::kAE, Condition::kDuplicateKey},
    {kVersionConflict, Code::kAE, Condition::kRecordLocked},
    {kMultipleMatches, Code::kAE, Condition::kDuplicateKey},
    {kUnauthenticated, Code::kAR, Condition::kInternal},
    {kForbidden, Code::kAR, Condition::kInternal},
    {kUnsupported, Code::kAR, Condition::kUnsupportedMessageType},
    {kNotAcceptable, Code::kAR, Condition::kUnsupportedVersion},
    {kUnsupportedMedia, Code::kAR, Condition::kUnsupportedMessageType},
    {kTooLarge, Code::kAR, Condition::kInternal},
    {kTooCostly, Code::kAR, Condition::kInternal},
    {kTimeout, Code::kAE, Condition::kInternal},
    {kUnavailable, Code::kAE, Condition::kInternal},
    {kPeerRefused, Code::kAE, Condition::kInternal},
    {kConfiguration, Code::kAR, Condition::kInternal},
    {kInternal, Code::kAE, Condition::kInternal},
};

er7::Fault FaultOf(const fhir::Issue& issue) {
  er7::Fault fault{false, ConditionOf(issue.type), er7::ParsePlace(issue.expression), issue.text};
  if (fault.location.segment.empty() && !issue.expression.empty()) {
    fault.text = fmt::format("{}: {}", issue.expression, issue.text);
  }
  return fault;
}

}  // namespace

const ErrorRow& RowOf(fhir::ErrorCode error) {
  const auto* row =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const ErrorRow& r) { return r.error == error; });
  return row == std::end(kRows) ? kRows[std::size(kRows) - 1] : *row;
}

er7::Condition ConditionOf(fhir::IssueType type) {
  switch (type) {
    case fhir::IssueType::kRequired:
      return Condition::kRequiredFieldMissing;
    case fhir::IssueType::kCodeInvalid:
      return Condition::kTableValueNotFound;
    case fhir::IssueType::kStructure:
      return Condition::kSegmentSequence;
    case fhir::IssueType::kNotFound:
    case fhir::IssueType::kDeleted:
      return Condition::kUnknownKey;
    case fhir::IssueType::kDuplicate:
    case fhir::IssueType::kMultipleMatches:
      return Condition::kDuplicateKey;
    case fhir::IssueType::kException:
      return Condition::kInternal;
    default:
      return Condition::kDataType;
  }
}

er7::Fault ToFault(const fhir::Error& error) {
  const ErrorRow& row = RowOf(error.code);
  er7::Fault fault{row.code == Code::kAR, row.condition, er7::ParsePlace(error.expression), error.public_text.text};
  if (fault.location.segment.empty() && !error.expression.empty()) {
    fault.text = fmt::format("{}: {}", error.expression, fault.text);
  }
  return fault;
}

std::vector<er7::Fault> ToFaults(const fhir::IssueList& issues) {
  std::vector<er7::Fault> faults;
  for (const auto& issue : issues.issues()) {
    if (issue.severity == fhir::Severity::kError || issue.severity == fhir::Severity::kFatal) {
      faults.push_back(FaultOf(issue));
    }
  }
  return faults;
}

std::vector<er7::Fault> ToNotes(const fhir::IssueList& issues) {
  std::vector<er7::Fault> notes;
  for (const auto& issue : issues.issues()) {
    if (issue.severity == fhir::Severity::kWarning) {
      notes.push_back(FaultOf(issue));
    }
  }
  return notes;
}

Code CodeOf(const std::vector<er7::Fault>& faults) {
  return std::any_of(faults.begin(), faults.end(), [](const er7::Fault& fault) { return fault.reject; }) ? Code::kAR
                                                                                                         : Code::kAE;
}

}  // namespace adapters::hospital::hl7v2::ack
