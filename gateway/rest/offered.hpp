// What of the conditional and client-named writes this server offers, by its settings.
#pragma once

#include "adapters/port/unit_of_work.hpp"
#include "fhir/base/error.hpp"
#include "gateway/rest/service.hpp"

namespace gateway::rest {

/// Holds a change to what is offered: how many resources a conditional delete may delete, whether an update may create.
/// Errors: kUnsupported for a conditional verb that is not offered.
fhir::Result<void> HoldToOffer(const RestOptions& options, adapters::port::Change& change);

}  // namespace gateway::rest
