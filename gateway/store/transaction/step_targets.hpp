// Which resource each step is about: what its shape lets through, conditions to ids, ids for what is new.
#pragma once

#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/store/transaction/step.hpp"

namespace gateway::store::transaction {

/// What can be refused without the database: a type the party is not granted, a resource that is missing or of another
/// type, an update without id and condition. Errors have the step's place.
fhir::Result<void> CheckShape(const ApplyContext& context, const Step& step);

/// Conditions to ids, equal ones taken together; further matches of a condition that deletes become steps at the end.
/// Cost: one round trip where there are conditions. Errors: kMultipleMatches, kNotFound, kInvalid.
fhir::Result<void> ResolveStepConditions(const ApplyContext& context, std::vector<Step>& steps);

/// Gives every step that will write an id. Errors: kInvalid when two write the same resource.
fhir::Result<void> AssignIds(const ApplyContext& context, std::vector<Step>& steps);

}  // namespace gateway::store::transaction
