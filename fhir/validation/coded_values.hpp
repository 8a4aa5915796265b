// Codes against the value sets that bind them and the code systems they are of.
// Source: https://hl7.org/fhir/R4/terminologies.html
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/issue.hpp"
#include "fhir/fhirpath/services.hpp"
#include "fhir/model/document.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/profile.hpp"

namespace fhir::validation {

/// What is wrong with a coded element; `text` is empty when nothing is.
struct CodedProblem {
  Severity severity = Severity::kError;
  IssueType type = IssueType::kCodeInvalid;
  std::string text;
  const model::Node* node = nullptr;  ///< the place, when it is below the element
  bool of_max_value_set = false;      ///< it lies outside the largest value set of a binding that is not required
};

/// An element (code, uri, string, Coding, CodeableConcept, Quantity) against a binding. A value set or code system that
/// is not loaded is a warning at most, since nothing is known to be wrong. Other types have no problem.
CodedProblem CodedValueProblem(const terminology::Terminology& terminology, const model::Node& node,
                               const Binding& binding);

/// A Coding by itself: its code must be one of its system's, when that is loaded. A display that is none of the code's
/// is a problem of severity `wrong_display`.
CodedProblem CodingProblem(const terminology::Terminology& terminology, const model::Node& coding,
                           Severity wrong_display);

// What FHIRPath asks (fhirpath/services.hpp).
std::optional<bool> IsMember(const terminology::Terminology& terminology, const model::Node& coded,
                             std::string_view value_set);
std::optional<bool> IsMember(const terminology::Terminology& terminology, std::string_view code,
                             std::string_view value_set);
std::optional<bool> Subsumes(const terminology::Terminology& terminology, const fhirpath::CodeRef& general,
                             const fhirpath::CodeRef& special);

}  // namespace fhir::validation
