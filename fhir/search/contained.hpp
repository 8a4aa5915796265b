// Resources inside others, as an index knows them. One is named by its container: "MedicationRequest/23#m1", which no
// resource of its own is called and no reference from elsewhere can say.
// Source: https://hl7.org/fhir/R4/references.html#contained
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/model/document.hpp"

namespace fhir::search {

/// The contained resources that can be found: of a known type, with an id as resources have it, each id once.
std::vector<const model::Node*> ContainedResources(const model::Node& container);

/// The one of that id, of those above; null when there is none.
const model::Node* FindContained(const model::Node& container, std::string_view id);

/// "MedicationRequest/23#m1".
std::string ContainedName(std::string_view container_type, std::string_view container_id, std::string_view id);

/// A name taken apart. Views into it.
struct ContainedNameParts {
  std::string_view container;       ///< "MedicationRequest/23"
  std::string_view container_type;  ///< "MedicationRequest"
  std::string_view container_id;    ///< "23"
  std::string_view id;              ///< "m1"
};
/// Nothing for a text of another form, such as the id of a resource of its own.
std::optional<ContainedNameParts> SplitContainedName(std::string_view name);

}  // namespace fhir::search
