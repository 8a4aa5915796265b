// The published validator cases: what is to be validated with what, and where errors are expected.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "fhir/base/error.hpp"

namespace fhir::conformance {

struct ExpectedError {
  std::string expression;  ///< as the published outcomes write it, without their comments
  std::size_t line = 0;    ///< 0 when none is given
  std::string code;        ///< of the issue, such as "structure"
};

/// One run: a file alone, or against a profile.
struct ValidatorCase {
  std::string name;
  char tier = 'A';
  std::string file;
  std::vector<std::string> supporting;
  std::string profile;  ///< canonical, or the file that holds it; empty for a run without
  std::vector<std::string> extension_domains;
  bool examples_allowed = true;  ///< false: extensions of example domains are errors
  std::size_t errors_expected = 0;
  std::vector<ExpectedError> errors;
};

/// The cases of `folder`. Errors: kNotFound when it is not there, kMalformed.
Result<std::vector<ValidatorCase>> ReadValidatorCases(const std::string& folder);

}  // namespace fhir::conformance
