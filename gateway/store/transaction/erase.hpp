// Takes rows of resources away for good: versions, what they are found by, and claims on time.
#pragma once

#include <vector>

#include "adapters/port/commit_hook.hpp"
#include "adapters/port/erasure.hpp"
#include "fhir/base/error.hpp"
#include "gateway/store/transaction/session.hpp"

namespace gateway::store::transaction {

/// Erases one batch inside the session's transaction. Heads are locked in the order of (type, id) first, so that a
/// write under way is waited for and one that comes later begins anew. Index rows that were closed before are left to
/// the sweep: nothing finds them by resource. What resources contain goes along. The audit trail is never among them.
/// Cost: a statement to choose, one for what is contained, one a table to delete; the time that locks are held grows
/// with rows_max. With bytes, where a resource points to any: one
/// pass over the current resources of the types that may have attachments, but for DocumentReference, which an index
/// serves; an Observation has none.
struct ErasedRows {
  adapters::port::ErasureOutcome outcome;
  std::vector<adapters::port::AppliedSummary> resources;  ///< for the audit trail
};
fhir::Result<ErasedRows> EraseBatch(Session& session, const adapters::port::ErasureBatch& batch);

}  // namespace gateway::store::transaction
