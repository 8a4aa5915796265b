// Whether what is deleted is still needed: nothing that is there refers to it.
#pragma once

#include <span>

#include "fhir/base/error.hpp"
#include "gateway/store/transaction/apply.hpp"

namespace gateway::store::transaction {

/// Checks the deletes among the steps after all writes of the transaction: what it deletes or changes besides refers to
/// nothing any more. Looked at are references that a search parameter indexes, but those of
/// StoreOptions::referrers_ignored. A referrer that somebody writes at the same moment may be missed.
/// Cost: one round trip when anything is deleted.
/// Errors: kConflict with the place of the delete.
fhir::Result<void> CheckDeletes(const ApplyContext& context, std::span<const Step> steps);

}  // namespace gateway::store::transaction
