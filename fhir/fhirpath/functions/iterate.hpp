// Runs an argument once for each item of the input, with $this and $index set.
#pragma once

#include <optional>

#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/functions/function.hpp"

namespace fhir::fhirpath {

/// Calls visit(item, criterion) for each item until it returns false. False after an error.
template <typename Visit>
bool ForEachCriterion(Evaluator& evaluator, const Call& call, Visit&& visit) {
  std::int64_t index = 0;
  for (const Item& item : call.input) {
    const Frame frame{.this_item = &item, .index = index++, .total = call.frame.total};
    std::optional<bool> criterion;
    if (!evaluator.Criterion(call.arguments[0], frame, criterion)) return false;
    if (!visit(item, criterion)) break;
  }
  return true;
}

}  // namespace fhir::fhirpath
