// Which index rows answer a parameter. What one parameter finds, another often has the values of already: the patient
// of an observation is its subject when that is a patient, a combo-code is its code or a component's. Such a parameter
// has no rows of its own; those of the others answer it. In R4 that saves every clinical resource its second reference
// to the patient.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "fhir/metadata/definitions.hpp"
#include "fhir/search/index_values.hpp"

namespace fhir::search {

struct AnsweringRows {
  std::vector<std::uint16_t> parameters;        ///< by id: the parameter itself, or those it is made of
  metadata::TypeId target = metadata::kNoType;  ///< of references only those to this type; kNoType: all
  bool own = true;                              ///< the parameter has rows of its own
};

/// `type` is the resource type whose resources are looked for; `of` the table that is asked. A reference's identifiers
/// are tokens, and rows of the reference's own parameter. Of kNoType, and of parameters beside those of R4, the rows
/// are their own.
AnsweringRows RowsAnswering(metadata::TypeId type, std::uint16_t parameter, metadata::SearchType of);

/// Whether a reference that leads to no resource of this server names one of `type`: ".../Patient/1".
bool UrlNamesType(std::string_view url, std::string_view type);

}  // namespace fhir::search
