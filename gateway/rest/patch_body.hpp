// Patches out of request bodies and entries of Bundles: JSON Patch and FHIRPath Patch.
// Source: https://hl7.org/fhir/R4/http.html#patch
#pragma once

#include <string_view>

#include "adapters/port/unit_of_work.hpp"
#include "fhir/model/document.hpp"
#include "gateway/rest/call.hpp"

namespace gateway::rest {

/// What the body asks for: a JSON Patch (application/json-patch+json), or a FHIRPath Patch, which is a Parameters
/// resource in either format of FHIR.
/// Errors: kUnsupportedMedia, kMalformed, kTooLarge. What only the stored resource can tell is an error of the patch.
fhir::Result<adapters::port::PatchFunction> ReadPatchBody(Call& call);

/// The same for the resource of a Bundle's entry: Parameters, or a Binary that carries a JSON Patch.
/// Source: https://hl7.org/fhir/R4/http.html#patch (patching in a batch or transaction)
fhir::Result<adapters::port::PatchFunction> ReadPatchResource(const Call& call, const fhir::model::Node& resource);

}  // namespace gateway::rest
