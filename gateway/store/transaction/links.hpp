// References among the entries of a transaction, and conditional references, to the ids they stand for.
#pragma once

#include <span>
#include <string>
#include <unordered_map>

#include "fhir/base/error.hpp"
#include "gateway/store/transaction/step.hpp"

namespace gateway::store::transaction {

/// What links become: the fullUrl of another step its Type/id, Type?query the one resource that it finds.
/// Source: https://hl7.org/fhir/R4/http.html#trules
using LinkTargets = std::unordered_map<std::string, std::string>;

/// Looks through the links of all steps' resources; those held as text are read for it and let go. All ids must be
/// known. Errors: kInvalid for a conditional reference that finds nothing, and for a urn:uuid that no entry has as
/// fullUrl where entries have any; kMultipleMatches for one that finds several; all with the place of the reference.
fhir::Result<LinkTargets> CollectLinks(const ApplyContext& context, std::span<Step> steps);

/// Rewrites every link of a step's resource: absolute ones to this server to relative ones, and those that have a
/// target. A Bundle that is itself what is stored keeps its absolute links: its entries are resolved by their fullUrls.
void RewriteLinks(const ApplyContext& context, const LinkTargets& targets, Step& step);

}  // namespace gateway::store::transaction
