// What this program makes of a case of the FHIRPath suite.
#pragma once

#include <string>
#include <vector>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/model/document.hpp"
#include "tests/conformance/fhirpath_suite.hpp"

namespace fhir::conformance {

/// What our answer to a case is, and whether it is the suite's.
struct SuiteVerdict {
  bool passed = false;
  std::string answer;  ///< for people: "System.Integer 4", "refused: …"
};

/// Compiles and evaluates one case on its input; `focus` stands for the case's own resource.
SuiteVerdict Judge(const SuiteCase& each, const model::Node& focus, const fhirpath::EvaluationContext& context);

}  // namespace fhir::conformance
