// What is stored of the resources that a transaction writes, and what must hold of it.
#pragma once

#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/store/transaction/step.hpp"

namespace gateway::store::transaction {

/// Locks the heads in the order of (type, id), reads them into the steps, and checks the party's grants and the
/// versions that the request names. Cost: one round trip where something may be stored; more for a restricted party.
/// Errors: kNotFound, kGone, kConflict, kForbidden, kVersionConflict, with the step's place.
fhir::Result<void> ReadCurrent(const ApplyContext& context, std::vector<Step>& steps);

}  // namespace gateway::store::transaction
