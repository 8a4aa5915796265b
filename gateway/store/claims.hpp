// Claims on time inside a transaction. Every booking path goes through here.
#pragma once

#include <string_view>

#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/error.hpp"
#include "gateway/store/transaction/session.hpp"

namespace gateway::store {

/// Errors: kInvalid when the claim is empty or ends before it begins; kConflict when another appointment holds an
/// overlapping stretch. Claiming what the appointment holds already does nothing.
/// A claim that another open transaction makes at the same time is waited for.
fhir::Result<void> ClaimTime(transaction::Session& session, const adapters::port::TimeClaim& claim);

/// Gives back all the time that an appointment holds. Not waited for.
void ReleaseTime(transaction::Session& session, std::string_view appointment_id);

}  // namespace gateway::store
