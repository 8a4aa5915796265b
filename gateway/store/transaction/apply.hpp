// The stages of a FHIR transaction: conditions to ids, references, locks, rules, then all writes at once.
// Source: https://hl7.org/fhir/R4/http.html#trules
#pragma once

#include <vector>

#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/error.hpp"
#include "fhir/base/issue.hpp"
#include "gateway/store/transaction/step.hpp"

namespace gateway::store::transaction {

/// Runs all stages. The steps of the changes come first, in their order; further ones follow for conditions that delete
/// several resources. The writes are sent, not waited for: their failures show at the next read or at commit.
/// Cost: round trips: none for plain creates; one for updates; one more with conditions; reads of the checks of a
/// restricted actor.
/// Errors: of FHIR REST with `expression`; rules broken by a resource go to `issues` as well.
fhir::Result<std::vector<Step>> ApplyChanges(const ApplyContext& context, std::vector<adapters::port::Change> changes,
                                             fhir::IssueList& issues);

}  // namespace gateway::store::transaction
