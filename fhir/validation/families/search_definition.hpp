// What is known of a search parameter by its canonical URL: loaded, or one of the standard's own.
// Source: https://hl7.org/fhir/R4/searchparameter.html
#pragma once

#include <set>
#include <string_view>

#include "fhir/validation/family.hpp"

namespace fhir::validation {

struct SearchDefinition {
  std::set<std::string_view> bases;  ///< the types that it is on; empty when the parameter is not known
  std::string_view type;             ///< "token"; empty when not known
};

/// The values of SearchParameter.base.
std::set<std::string_view> SearchBasesOf(const model::Node& parameter);

/// Cost: one pass over the parameters of the standard when it is not loaded.
SearchDefinition FindSearchDefinition(std::string_view canonical, const FamilyContext& context);

}  // namespace fhir::validation
