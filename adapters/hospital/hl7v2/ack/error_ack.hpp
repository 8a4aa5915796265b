// How an Error or an Issue becomes an acknowledgement: one table for all error codes.
#pragma once

#include "adapters/hospital/hl7v2/ack/ack.hpp"
#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"

namespace adapters::hospital::hl7v2::ack {

struct ErrorRow {
  fhir::ErrorCode error;
  Code code;
  er7::Condition condition;
};

/// The row of an error code.
const ErrorRow& RowOf(fhir::ErrorCode error);

er7::Condition ConditionOf(fhir::IssueType type);

/// The fault that tells of an Error; its expression, a FHIRPath, stands in the text.
er7::Fault ToFault(const fhir::Error& error);

/// Faults of all issues of severity error or fatal. An expression that is a field address becomes the location.
std::vector<er7::Fault> ToFaults(const fhir::IssueList& issues);
/// The warnings in the same form: what is told beside a message that is accepted.
std::vector<er7::Fault> ToNotes(const fhir::IssueList& issues);

/// AR when any fault rejects, else AE.
Code CodeOf(const std::vector<er7::Fault>& faults);

}  // namespace adapters::hospital::hl7v2::ack
