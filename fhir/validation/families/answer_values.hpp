// Values of answers compared by their meaning: numbers by value, dates by the time they begin, quantities by unit.
#pragma once

#include <compare>
#include <optional>
#include <string_view>

#include "fhir/model/document.hpp"

namespace fhir::validation {

/// The child that is a choice element's value: valueString for "value"; nullptr when there is none.
const model::Node* ChoiceChild(const model::Node& parent, std::string_view base_name);

/// The order of two values; nothing when they cannot be compared: other types, units of other kinds or without a
/// system, Codings.
std::optional<std::strong_ordering> CompareValues(const model::Node& left, const model::Node& right);

/// Equal by meaning; Codings by system and code, References by their text.
bool EqualAnswers(const model::Node& left, const model::Node& right);

/// The value of the first extension with this url; nullptr when there is none.
const model::Node* ValueOfExtension(const model::Node& node, std::string_view url);

}  // namespace fhir::validation
