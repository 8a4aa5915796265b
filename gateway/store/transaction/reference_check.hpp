// Whether what is written refers to something: references to resources of this server lead to one that is there.
#pragma once

#include <span>

#include "fhir/base/error.hpp"
#include "gateway/store/transaction/step.hpp"

namespace gateway::store::transaction {

/// Checks the composed steps before anything of them is written. Looked for are the resources that References name as
/// Type/id, with or without a version or this server's base; not those that the stored resource named already, that
/// the unit of work has made, that stand in a Bundle which is itself what is stored, or in a resource of
/// StoreOptions::referrers_ignored: the trail names what somebody looked for in vain. What a restricted actor may
/// neither read nor name is not there for it.
/// Where deletes are checked too, what is found is locked against them until the transaction ends: of a delete and a
/// new reference to what it deletes, one fails. Missed is a target that others update, and delete after that, between
/// the start of the statement and its lock. Cost: a walk of each resource, and one round trip when anything is to be
/// looked for. Errors: kInvalid with the place of the first that leads nowhere; kConflict with
/// Retry::kLater when a target was deleted and came back meanwhile.
fhir::Result<void> CheckReferences(const ApplyContext& context, std::span<const Step> steps);

}  // namespace gateway::store::transaction
