// Adds the data types that rules build again and again: one line each instead of five.
#pragma once

#include <string_view>

#include "fhir/model/document.hpp"

namespace fhir::model {

struct CodingText {
  std::string_view system;   ///< left out when empty
  std::string_view code;     ///< no coding at all when empty
  std::string_view display;  ///< left out when empty
  std::string_view text;     ///< CodeableConcept.text, left out when empty
};

/// A Reference with its literal reference. Source: https://hl7.org/fhir/R4/references.html
Node& AddReference(Document& document, Node& parent, std::string_view name, std::string_view reference);
/// A CodeableConcept with at most one coding. Source: https://hl7.org/fhir/R4/datatypes.html#CodeableConcept
Node& AddConcept(Document& document, Node& parent, std::string_view name, const CodingText& coding);
/// An Identifier with system and value.
Node& AddIdentifier(Document& document, Node& parent, std::string_view name, std::string_view system,
                    std::string_view value);
/// A Money. `value` is decimal text, kept as it is.
Node& AddMoney(Document& document, Node& parent, std::string_view name, std::string_view value,
               std::string_view currency);

}  // namespace fhir::model
