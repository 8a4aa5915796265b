// Where versions came from: one Provenance for all that a message of the journal wrote.
#pragma once

#include <cstdint>
#include <span>

#include "adapters/port/actor.hpp"
#include "adapters/port/audit.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"

namespace gateway::audit {

/// Whether the transaction works on a message of the journal.
bool IsOfMessage(const adapters::port::Actor& actor);

/// Targets are the versions, the source is the message by its number in the journal, the author its partner.
/// Shape: IsOfMessage(actor), and at least one version. Source: https://hl7.org/fhir/R4/provenance.html
fhir::model::Document MakeProvenance(const fhir::metadata::Definitions& definitions, const adapters::port::Actor& actor,
                                     std::span<const adapters::port::AuditEntity> versions, std::int64_t recorded_us);

}  // namespace gateway::audit
