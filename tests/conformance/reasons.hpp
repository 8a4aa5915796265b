// Why an answer differs from a published suite: data beside the tests, one reason for each kind of difference.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"

namespace fhir::conformance {

/// Rows of {what, reason}. `what` is a case or an error as it is printed; with * at its end, the beginning of one.
class Reasons {
 public:
  /// The rows of tests/data/conformance/<name>. Errors: kNotFound, kMalformed.
  static Result<Reasons> Read(std::string_view name);

  /// The reason for `what`; "unexplained" when no row has one, which Problems() then tells.
  std::string_view Find(std::string_view what);
  /// What has no reason, and rows that nothing asked for; empty when there are none.
  std::string Problems() const;

 private:
  struct Row {
    std::string what;
    std::string reason;
    bool used = false;
  };
  std::vector<Row> rows_;
  std::vector<std::string> unexplained_;
};

}  // namespace fhir::conformance
