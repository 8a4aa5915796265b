// The resource that a step stores, if it differs from what is stored, and the rules it must keep.
#pragma once

#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "gateway/store/transaction/step.hpp"

namespace gateway::store::transaction {

/// What patches make of the states that are locked now. Their references are rewritten like those of others.
/// Errors: of the patch, with the step's place; kInvalid when it changes the type or the id.
fhir::Result<void> ApplyPatches(const ApplyContext& context, std::vector<Step>& steps, std::string_view now_text);

/// Fills `effect` and `result` of a step whose head is known. Errors: kInvalid when the resource breaks rules; each of
/// them is in `issues` with its place.
fhir::Result<void> Compose(const ApplyContext& context, Step& step, std::string_view now_text, fhir::IssueList& issues);

}  // namespace gateway::store::transaction
