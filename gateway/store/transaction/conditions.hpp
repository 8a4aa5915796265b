// Conditions (If-None-Exist, conditional verbs, conditional references) to ids.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "gateway/store/transaction/session.hpp"

namespace gateway::store::transaction {

/// Whether others that resolve an equal condition without a match wait until this transaction ends, so that two of them
/// cannot both find nothing and both create.
enum class ConditionLock : std::uint8_t { kNone, kExclusive };

/// Two conditions with equal keys ask the same.
std::uint64_t ConditionKey(const fhir::search::Query& condition);

/// The matches of each condition that the grants let the actor find, at most as many as `wanted` has for it: of two,
/// the second tells that there are more than one. Without `wanted`, two for each. Cost: one round trip for all of the
/// form identifier=system|value, and one per other condition; the same again, with the locks, for those that found
/// nothing. Errors: those of the search compiler.
fhir::Result<std::vector<std::vector<std::string>>> ResolveConditions(
    Session& session, const adapters::port::Grants& grants, std::span<const fhir::search::Query* const> conditions,
    ConditionLock lock, std::span<const std::size_t> wanted = {});

}  // namespace gateway::store::transaction
