// The codes that a question about one value set or one concept comes to, as a list: what search modifiers need.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/terminology/terminology.hpp"

namespace fhir::terminology {

struct ListedCode {
  std::string system;
  std::string code;
};

/// The members of a value set. Errors: kTooCostly past `codes_max`, or when only a rule says what is in; kUnsupported
/// when a code system, value set or filter is missing, which the text names.
Result<std::vector<ListedCode>> ListMembers(const ValueSet& value_set, std::size_t codes_max);

/// The concept and all below it, or all above it. Errors: kNotFound for an unknown code system or code; kTooCostly.
Result<std::vector<ListedCode>> ListBelow(const Terminology& terminology, std::string_view system,
                                          std::string_view code, std::size_t codes_max);
Result<std::vector<ListedCode>> ListAbove(const Terminology& terminology, std::string_view system,
                                          std::string_view code, std::size_t codes_max);

}  // namespace fhir::terminology
