// Equality, equivalence and order of items.
// Source: http://hl7.org/fhirpath/N1/#equality and #comparison
#pragma once

#include <cstdint>
#include <optional>

#include "fhir/fhirpath/collection.hpp"
#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/fhirpath/number.hpp"

namespace fhir::fhirpath {

/// `=` of two items; nothing when it cannot be told (dates of different precision).
std::optional<bool> ItemsEqual(const Evaluator& evaluator, const Item& left, const Item& right);
/// `~` of two items.
bool ItemsEquivalent(const Evaluator& evaluator, const Item& left, const Item& right);
/// Set membership, where "cannot be told" counts as different.
bool Includes(const Evaluator& evaluator, const Collection& collection, const Item& item);

enum class Order : std::int8_t { kLess, kEqual, kGreater, kUnknown, kIncomparable };
/// kUnknown: the answer is empty. kIncomparable: the types have no order, which is an error.
Order CompareItems(const Evaluator& evaluator, const Item& left, const Item& right);

/// The number behind an integer, decimal or quantity.
std::optional<Number> NumberOf(const Item& item);

}  // namespace fhir::fhirpath
