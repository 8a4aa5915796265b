// References among the entries of a transaction, and conditional references, to the ids they stand for.
#pragma once

#include <span>

#include "fhir/base/error.hpp"
#include "gateway/store/transaction/apply.hpp"

namespace gateway::store::transaction {

/// Rewrites every link of the steps' resources: absolute ones to this server to relative ones, the fullUrl of another
/// step to its Type/id, and Type?query to the one resource it finds (https://hl7.org/fhir/R4/http.html#trules). A
/// Bundle that is itself what is stored keeps its absolute links: its entries are resolved by their fullUrls. All ids
/// must be known. Errors: kInvalid for a conditional reference that finds nothing, and for a urn:uuid that no entry has
/// as fullUrl where entries have any; kMultipleMatches for one that finds several; all with the entry's place.
fhir::Result<void> RewriteLinks(const ApplyContext& context, std::span<Step> steps);

}  // namespace gateway::store::transaction
