#include "gateway/audit/provenance.hpp"

#include <fmt/format.h>

#include "fhir/base/date_time.hpp"
#include "gateway/audit/audit_event.hpp"

namespace gateway::audit {

using fhir::model::Node;

bool IsOfMessage(const adapters::port::Actor& actor) {
  return actor.request_id.starts_with(kMessageRequest);
}

fhir::model::Document MakeProvenance(const fhir::metadata::Definitions& definitions, const adapters::port::Actor& actor,
                                     std::span<const adapters::port::AuditEntity> versions, std::int64_t recorded_us) {
  fhir::model::Document provenance(definitions.FindType("Provenance"));
  Node& root = provenance.root();
  for (const auto& version : versions) {
    provenance.Add(provenance.Add(root, "target"), "reference",
                   fmt::format("{}/{}/_history/{}", definitions.TypeName(version.type), version.id, version.version));
  }
  provenance.Add(root, "recorded", fhir::FormatInstant(recorded_us));
  Node& agent = provenance.Add(root, "agent");
  provenance.Add(provenance.Add(agent, "who"), "display", actor.party.empty() ? "unknown" : actor.party);
  Node& entity = provenance.Add(root, "entity");
  provenance.Add(entity, "role", "source");
  Node& identifier = provenance.Add(provenance.Add(entity, "what"), "identifier");
  provenance.Add(identifier, "system", kMessageSystem);
  provenance.Add(identifier, "value", std::string_view(actor.request_id).substr(kMessageRequest.size()));
  return provenance;
}

}  // namespace gateway::audit
