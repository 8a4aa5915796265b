// Errors of many resources as one table: equal errors share a row.
#pragma once

#include <cstddef>
#include <map>
#include <string>
#include <vector>

#include "fhir/base/issue.hpp"
#include "tests/conformance/reasons.hpp"

namespace fhir::conformance {

class ErrorTable {
 public:
  /// Takes the errors of one resource. Returns whether there are any.
  bool Add(const std::string& resource, const IssueList& issues);
  /// Rows of error, count, some of the places, and the reason, the most frequent error first.
  std::string Text(Reasons& reasons) const;

 private:
  std::map<std::string, std::vector<std::string>> places_;  // by error
};

/// Text that stands in one cell: one line, no bars, cut when long.
std::string Cell(std::string text);

/// "98.7 %".
std::string Percent(std::size_t part, std::size_t whole);

}  // namespace fhir::conformance
