// What a party with restricted grants may not write although the resource itself is granted: references that would open
// somebody's record to it or move a record to somebody else, and identifiers that others hand out.
#pragma once

#include <span>

#include "fhir/base/error.hpp"
#include "gateway/store/transaction/step.hpp"

namespace gateway::store::transaction {

/// Checks the composed steps before anything of them is written. Local references are those that the index takes for
/// local, in References and in uri values (Attachment.url):
/// - an update leaves the set of Patients that the resource refers to as it is;
/// - what a create refers to of Patients and Binaries, and what an update adds of Binaries, can be read by the actor,
/// or
///   was created by it in this unit of work;
/// - identifier and masterIdentifier have no reserved system, but for those that are stored already.
/// Cost: nothing for an unrestricted actor; a walk of each resource, and one statement a type referred to.
/// Errors: kForbidden with the place; alike for targets that are hidden and that are not there.
fhir::Result<void> CheckWriteRules(const ApplyContext& context, std::span<const Step> steps);

}  // namespace gateway::store::transaction
