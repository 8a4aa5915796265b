// Whether the actor may write what a transaction writes: asked of the database before the change for the old state, and
// after it for the new one, with the same predicates that reading uses.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "gateway/store/transaction/session.hpp"

namespace gateway::store::transaction {

/// Errors: kForbidden when no grant on the type has one of the interactions.
fhir::Result<void> CheckTypeGranted(const adapters::port::Grants& grants, fhir::metadata::TypeId type,
                                    std::uint16_t interactions);

using IdsByType = std::map<fhir::metadata::TypeId, std::vector<std::string>>;

/// Errors: kForbidden when a resource lies outside every grant with one of the interactions. Cost: one statement a
/// type; none for an unrestricted actor.
fhir::Result<void> CheckGranted(Session& session, const adapters::port::Grants& grants, const IdsByType& ids,
                                std::uint16_t interactions);

}  // namespace gateway::store::transaction
