// The rules of the twenty primitive types: what text a value may have.
// Source: https://hl7.org/fhir/R4/datatypes.html#primitive
#pragma once

#include <string_view>

#include "fhir/base/limits.hpp"
#include "fhir/metadata/definitions.hpp"

namespace fhir::validation {

/// What a value of this primitive type must look like, for people, when `text` is none; empty when it is one.
/// Shape:  primitive is a primitive type of Definitions::R4().  Cost: O(bytes), no allocation for a good value.
std::string_view PrimitiveProblem(metadata::TypeId primitive, std::string_view text, const Limits& limits);

/// What is allowed and yet hardly meant, for people: a string with white space at its ends. Empty when nothing is.
/// Cost: O(1).
std::string_view PrimitiveAdvice(metadata::TypeId primitive, std::string_view text);

}  // namespace fhir::validation
