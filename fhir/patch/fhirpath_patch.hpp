// FHIRPath Patch: add, insert, delete, replace and move, written as a Parameters resource.
// Source: https://hl7.org/fhir/R4/fhirpatch.html
#pragma once

#include <string>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/model/document.hpp"
#include "fhir/patch/failure.hpp"

namespace fhir::patch {

/// Applies the operations of `parameters` to a copy of `resource`, in order.
/// Shape:  `context` is what the paths may use; its `resource` is replaced by the copy, and its budgets count per path.
///         A value comes as value[x], as a resource, or for the inner structures of a type as parts named like its
///         elements. It fits when it has the element's type; a primitive also when its JSON kind is the same, so that a
///         code may be sent as valueString. A choice is addressed by its base name ("value") and may change its type.
/// Cost:   a deep copy of the resource, then each path once.
/// Errors: kMalformed (no Parameters, unknown operation or part, an expression that does not compile or ends at no
///         element of the resource), kPathNotFound (nothing there, but for delete, which then has nothing to do;
///         several elements where one is meant; an index out of range), kResultInvalid (unknown element, wrong type, a
///         second value where one is allowed), kTooLarge. Presence, values and bindings are the validator's business;
///         an unchanged id is the caller's.
Patched<model::Document> PatchResource(const model::Node& resource, const model::Node& parameters,
                                       const fhirpath::EvaluationContext& context, const PatchLimits& limits = {});

}  // namespace fhir::patch
