// Merging what a feed knows into what is stored.
#pragma once

#include "fhir/model/document.hpp"

namespace gateway::store::transaction {

/// `stored` with the elements of `change`: elements present in the change replace those of the same base name (a choice
/// of another type included); identifiers are joined by (system, type.coding.code), the change's value winning, in the
/// stored order; of meta, profiles, tags and security labels are united and other children replaced; id stays.
/// Cost: a copy of the stored resource.
fhir::model::Document Merge(const fhir::model::Node& stored, const fhir::model::Node& change);

}  // namespace gateway::store::transaction
