// Puts the value of a FHIRPath Patch operation into the tree.
#pragma once

#include <expected>
#include <string_view>

#include "fhir/model/document.hpp"
#include "fhir/patch/failure.hpp"

namespace fhir::patch {

/// The element called `name` of a type, where a choice goes by its base name and the type of its value.
/// nullptr when there is none that takes the value of `part`.
struct ElementChoice {
  const metadata::ElementRow* row = nullptr;
  bool name_known = false;  ///< there is such an element, but the value has another type
};
ElementChoice FindElement(metadata::TypeId parent, std::string_view name, const model::Node& part);

/// Appends the value that `part` (a Parameters.parameter.part) holds as a child of `parent`, behind its siblings of the
/// same name. Errors: kMalformed (no value), kResultInvalid (unknown element, wrong type).
Patched<model::Node*> AddElement(model::Document& document, model::Node& parent, std::string_view name,
                                 const model::Node& part);

}  // namespace fhir::patch
