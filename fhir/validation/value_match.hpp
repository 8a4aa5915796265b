// Comparing an element with the value that a definition gives.
// Source: https://hl7.org/fhir/R4/elementdefinition-definitions.html#ElementDefinition.fixed_x_
#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/model/document.hpp"

namespace fhir::validation {

/// fixed[x]: the element is the value, children included; order counts, ids do not.
bool EqualsFixed(const model::Node& node, const model::Node& fixed);
/// pattern[x]: the element has all that the pattern has; what repeats may stand in any order among more.
bool MatchesPattern(const model::Node& node, const model::Node& pattern);

enum class MatchRule : unsigned char { kFixed, kPattern };

/// Where an element first departs from the value of a definition.
struct Difference {
  const model::Node* node = nullptr;    ///< the deepest element that is there
  std::string_view missing;             ///< the child that it lacks; empty when the element itself differs
  const model::Node* wanted = nullptr;  ///< what the definition has there; null for what it does not have
};
/// The first difference, element by element; what repeats is taken as a whole.
/// Shape: the two do not match by the rule.
Difference FirstDifference(const model::Node& node, const model::Node& wanted, MatchRule rule);

/// A value of a definition for people: "final", or "system http://loinc.org, code 8867-4". Definitions hold nothing of
/// patients. At most some parts of it are named.
std::string Describe(const model::Node& value);

/// The order of an element and a limit of the same kind: numbers, dates and times, quantities of one unit or of UCUM.
/// Nothing when they cannot be compared, e.g. for dates of different precision that overlap.
std::optional<std::partial_ordering> CompareWithLimit(const model::Node& node, const model::Node& limit);

}  // namespace fhir::validation
