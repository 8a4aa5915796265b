// Merging what a feed knows into what is stored.
#pragma once

#include "adapters/port/unit_of_work.hpp"
#include "fhir/model/document.hpp"

namespace gateway::store::transaction {

/// `stored` with what `change` knows:
/// - a primitive, a list, or an element of a data type takes the place of the stored one of the same base name (a
/// choice
///   of another type included);
/// - an element with a structure of its own that does not repeat, and a Period, is merged child by child: a message
/// that
///   knows the end of a stay alone does not take away its beginning;
/// - extensions of the resource take the place of the stored ones of their url; those of other urls stay;
/// - identifiers are joined by (system, type.coding.code), the change's value winning, in the stored order; a number
/// that
///   is stored already keeps its place, and one with use old is replaced by itself alone;
/// - the lists of change.joined are joined by the value of their extension, or by the whole item, or lose the items so
///   named (`gone`);
/// - of meta, profiles, tags and security labels are united and other children replaced; id stays;
/// - the elements of change.removals that the change does not set are taken away, and an element they leave empty;
/// - identifiers of the types change.identifier_types_gone that the change does not bring are taken away;
/// - an element in a state of change.settled keeps it, whatever the change says of it.
/// Shape: change.resource is set. Cost: a copy of the stored resource.
fhir::model::Document Merge(const fhir::model::Node& stored, const adapters::port::Change& change);

/// What a merge into nothing leaves of the change: items to be taken away are not there.
void TakeWhatIsGone(fhir::model::Document& document, const adapters::port::Change& change);

}  // namespace gateway::store::transaction
