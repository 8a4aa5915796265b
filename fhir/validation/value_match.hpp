// Comparing an element with the value that a definition gives.
// Source: https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_
#pragma once

#include <compare>
#include <optional>

#include "fhir/model/document.hpp"

namespace fhir::validation {

/// fixed[x]: the element is the value, children included; order counts, ids do not.
bool EqualsFixed(const model::Node& node, const model::Node& fixed);
/// pattern[x]: the element has all that the pattern has; what repeats may stand in any order among more.
bool MatchesPattern(const model::Node& node, const model::Node& pattern);
/// The order of an element and a limit of the same kind: numbers, dates and times, quantities of one unit. Nothing when
/// they cannot be compared, e.g. for dates of different precision that overlap.
std::optional<std::partial_ordering> CompareWithLimit(const model::Node& node, const model::Node& limit);

}  // namespace fhir::validation
