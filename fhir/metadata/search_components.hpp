// The components of composite search parameters.
// Source: https://hl7.org/fhir/R4/search.html#composite
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "fhir/metadata/definitions.hpp"

namespace fhir::metadata {

/// One component: what it is by the search parameter that defines it, and where its values stand.
struct SearchComponent {
  std::string_view code;        ///< of the search parameter that defines it
  std::string_view expression;  ///< FHIRPath, relative to an item of the composite's own expression
  SearchType type;
};

/// The components of the R4 parameter with that stable id, in the order of their values in a query; empty for
/// parameters that are not composite. Cost: a binary search.
std::span<const SearchComponent> SearchComponents(std::uint16_t parameter);

}  // namespace fhir::metadata
