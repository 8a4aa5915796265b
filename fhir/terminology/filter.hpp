// The filters of ValueSet.compose over a loaded code system.
// Source: https://hl7.org/fhir/R4/valueset-filter-operator.html
#pragma once

#include <string_view>
#include <vector>

#include "fhir/terminology/code_system.hpp"
#include "fhir/terminology/value_set.hpp"

namespace fhir::terminology {

struct Filter {
  std::string_view property;
  std::string_view op;
  std::string_view value;
};

/// Clears the flags of the concepts that the filter leaves out; `selected` has one flag per concept.
/// Cost:   O(concepts), a regular expression is given up when it backtracks too long.
/// Result: kNone; kFilter when the operator, the property or the value's concept is not known; kCost.
Gap ApplyFilter(const CodeSystem& system, const Filter& filter, std::vector<bool>& selected);

}  // namespace fhir::terminology
