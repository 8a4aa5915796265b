// Whether what is deleted is still needed: nothing that is there refers to it.
#pragma once

#include <span>

#include "fhir/base/error.hpp"
#include "gateway/store/transaction/step.hpp"

namespace gateway::store::transaction {

/// Locks what the steps delete, before anything of it is written: whoever is about to refer to it is waited for, and
/// who comes later waits (reference_check.hpp). Nothing where references are not checked. Cost: one statement when
/// anything is deleted, a lock on each version; not waited for.
void LockDeleted(const ApplyContext& context, std::span<const Step> steps);

/// Checks the deletes among the steps after all writes of the transaction: what it deletes or changes besides refers to
/// nothing any more. Looked at are references that a search parameter indexes, but those of
/// StoreOptions::referrers_ignored.
/// Cost: one round trip when anything is deleted.
/// Errors: kConflict with the place of the delete.
fhir::Result<void> CheckDeletes(const ApplyContext& context, std::span<const Step> steps);

}  // namespace gateway::store::transaction
