// Takes away answers that were given later (respond-async) and hold what is being erased: they are copies.
#pragma once

#include <span>
#include <string>

#include "fhir/base/error.hpp"
#include "gateway/store/transaction/session.hpp"

namespace gateway::store::transaction {

/// Ends finished answers that hold a resource of one of these ids, or that a request asked for by it; answers under way
/// are begun anew. Ids are not told apart by type: an answer too many that goes is asked for again. To be sure, it is
/// done in the transaction of the erasure, and once more after its commit: an answer that was begun before the commit
/// may have read what is gone, one that begins later has not.
/// Cost: a pass over the answers that are kept, hours' worth.
fhir::Result<void> EraseAnswers(Session& session, std::span<const std::string> ids);

}  // namespace gateway::store::transaction
