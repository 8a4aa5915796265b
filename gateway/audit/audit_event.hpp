// One interaction as an AuditEvent resource. Names, ids and codes only: never the value of a search parameter or of an
// element. Source: https://hl7.org/fhir/R4/auditevent.html
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/audit.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/model/document.hpp"

namespace gateway::audit {

struct AuditSource {
  std::string site;  ///< AuditEvent.source.site: name of this installation
  std::string observer = "Passerelle";
};

inline constexpr std::size_t kAuditEntitiesMax = 100;
inline constexpr std::size_t kAuditParametersMax = 100;
/// Beginning of the request id of what a message of the journal asks for; its number follows.
inline constexpr std::string_view kMessageRequest = "message/";
/// System of the number of a message, in AuditEvent.entity.what.identifier.
inline constexpr std::string_view kMessageSystem = "https://passerelle.example/fhir/identifier/message";

/// Shape: agent.altId and agent.who.display are the party's name, so that policies can give each party its own events;
///        entities beyond kAuditEntitiesMax are counted in outcomeDesc. A search has an entity whose query holds the
///        searched type and the names of the parameters, base64 as the element's type asks. What a message of the
///        journal asked for names the message as its last entity: the provenance of each version that it made.
fhir::model::Document MakeAuditEvent(const fhir::metadata::Definitions& definitions, const AuditSource& source,
                                     const adapters::port::Actor& actor, const adapters::port::AuditRecord& record,
                                     std::int64_t recorded_us);

}  // namespace gateway::audit
