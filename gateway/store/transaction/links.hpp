// References among the entries of a transaction, and conditional references, to the ids they stand for.
#pragma once

#include <span>

#include "fhir/base/error.hpp"
#include "gateway/store/transaction/apply.hpp"

namespace gateway::store::transaction {

/// Rewrites every link of the steps' resources: the fullUrl of another step to its Type/id, and Type?query to the one
/// resource it finds (https://hl7.org/fhir/R4/http.html#trules). All ids must be known.
/// Errors: kInvalid for a conditional reference that finds nothing, kMultipleMatches for one that finds several; both
/// with the entry's place.
fhir::Result<void> RewriteLinks(const ApplyContext& context, std::span<Step> steps);

}  // namespace gateway::store::transaction
