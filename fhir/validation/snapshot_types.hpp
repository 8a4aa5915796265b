// What types an ElementDefinition allows, as making snapshots asks it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "fhir/model/document.hpp"
#include "fhir/validation/snapshot_tree.hpp"

namespace fhir::validation {

/// The only type of an element, and its only profile.
struct TypeOf {
  std::string_view code;     ///< empty when there is not exactly one type
  std::string_view profile;  ///< empty when it does not have exactly one profile
  std::size_t types = 0;
};
TypeOf TypeOfRow(const model::Node& row);

/// Whether profiles of this type are those of what it refers to.
bool IsReferenceType(std::string_view code);

/// The code of the type that "valueQuantity" says of "value[x]", as the row's own types spell it; nullopt when it says
/// none, empty when it names a type the row does not allow.
std::optional<std::string_view> ChosenType(const SnapshotElement& choice, std::string_view name);

}  // namespace fhir::validation
