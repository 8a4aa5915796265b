// What resolve() can know from the tree at hand. Source: https://hl7.org/fhir/R4/fhirpath.html#functions
#pragma once

#include <string_view>

#include "fhir/fhirpath/evaluator.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"

namespace fhir::fhirpath {

/// The nearest resource that contains the node, or is it.
const model::Node& EnclosingResource(const model::Node& node);
/// The resource that contains it, a contained one counting as part of its container.
const model::Node& OutermostResource(const model::Node& node);
/// The type named by a reference's text: "Patient/1", "http://host/fhir/Patient/1/_history/2". kNoType when none is.
metadata::TypeId ReferencedType(std::string_view reference, const metadata::Definitions& definitions);
/// Resolves one item: a Reference, or text of a uri or canonical. Adds nothing when nothing is known.
bool ResolveReference(Evaluator& evaluator, const Item& item, Collection& out);

}  // namespace fhir::fhirpath
