// The components of composite search parameters.
// Source: https://hl7.org/fhir/R4/search.html#composite
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "fhir/metadata/definitions.hpp"

namespace fhir::metadata {

/// The components of the R4 parameter with that stable id, in the order of their values in a query; empty for
/// parameters that are not composite. Cost: a binary search.
std::span<const SearchComponent> SearchComponents(std::uint16_t parameter);

/// The same of any parameter, also of one that is not of the standard.
inline std::span<const SearchComponent> ComponentsOf(const SearchParameter& parameter) {
  return parameter.components.empty() ? SearchComponents(parameter.id) : parameter.components;
}

}  // namespace fhir::metadata
