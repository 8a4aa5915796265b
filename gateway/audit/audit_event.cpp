#include "gateway/audit/audit_event.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "fhir/base/base64.hpp"
#include "fhir/base/date_time.hpp"

namespace gateway::audit {
namespace {

namespace port = adapters::port;
using fhir::metadata::Definitions;
using fhir::model::Document;
using fhir::model::Node;

constexpr std::string_view kEntityType = "http://terminology.hl7.org/CodeSystem/audit-entity-type";
constexpr std::string_view kObjectRole = "http://terminology.hl7.org/CodeSystem/object-role";

void AddCoding(Document& event, Node& parent, std::string_view name, std::string_view system, std::string_view code,
               std::string_view display) {
  Node& coding = event.Add(parent, name);
  event.Add(coding, "system", system);
  event.Add(coding, "code", code);
  event.Add(coding, "display", display);
}

std::string_view KindName(port::PartyKind kind) {
  switch (kind) {
    case port::PartyKind::kSystem:
      return "system";
    case port::PartyKind::kOpen:
      return "open";
    case port::PartyKind::kHospital:
      return "hospital";
    case port::PartyKind::kPlatform:
      return "platform";
    case port::PartyKind::kInsurer:
      return "insurer";
    case port::PartyKind::kPatient:
      return "patient";
    case port::PartyKind::kOperator:
      return "operator";
  }
  return "unknown";
}

void AddAgent(Document& event, const port::Actor& actor) {
  Node& agent = event.Add(event.root(), "agent");
  Node& role = event.Add(agent, "role");
  event.Add(role, "text", KindName(actor.kind));
  const std::string_view party = actor.party.empty() ? std::string_view("unknown") : actor.party;
  Node& who = event.Add(agent, "who");
  if (!actor.agent_reference.empty()) {
    event.Add(who, "reference", actor.agent_reference);
  }
  event.Add(who, "display", party);
  event.Add(agent, "altId", party);
  event.Add(agent, "requestor", "true");
}

void AddEntity(Document& event, const Definitions& definitions, const port::AuditEntity& entity) {
  const std::string_view type_name = definitions.TypeName(entity.type);
  const bool patient = type_name == "Patient";
  Node& node = event.Add(event.root(), "entity");
  Node& what = event.Add(node, "what");
  event.Add(what, "reference",
            entity.version > 0 ? fmt::format("{}/{}/_history/{}", type_name, entity.id, entity.version)
                               : fmt::format("{}/{}", type_name, entity.id));
  if (patient) {
    AddCoding(event, node, "type", kEntityType, "1", "Person");
    AddCoding(event, node, "role", kObjectRole, "1", "Patient");
  } else {
    AddCoding(event, node, "type", kEntityType, "2", "System Object");
    AddCoding(event, node, "role", kObjectRole, "4", "Domain Resource");
  }
}

/// The message in the journal that asked for it all.
void AddMessage(Document& event, std::string_view request_id) {
  if (!request_id.starts_with(kMessageRequest)) {
    return;
  }
  Node& node = event.Add(event.root(), "entity");
  Node& identifier = event.Add(event.Add(node, "what"), "identifier");
  event.Add(identifier, "system", kMessageSystem);
  event.Add(identifier, "value", request_id.substr(kMessageRequest.size()));
  AddCoding(event, node, "type", kEntityType, "2", "System Object");
}

void AddQuery(Document& event, const port::AuditRecord& record) {
  std::string query(record.searched_type);
  char separator = '?';
  for (std::size_t i = 0; i < std::min(record.parameters.size(), kAuditParametersMax); ++i) {
    query += separator;
    query += record.parameters[i];
    separator = '&';
  }
  Node& node = event.Add(event.root(), "entity");
  AddCoding(event, node, "type", kEntityType, "2", "System Object");
  AddCoding(event, node, "role", kObjectRole, "24", "Query");
  event.Add(node, "query", fhir::EncodeBase64(query));
}

}  // namespace

Document MakeAuditEvent(const Definitions& definitions, const AuditSource& source, const port::Actor& actor,
                        const port::AuditRecord& record, std::int64_t recorded_us) {
  Document event(definitions.FindType("AuditEvent"));
  Node& root = event.root();
  AddCoding(event, root, "type", "http://terminology.hl7.org/CodeSystem/audit-event-type", "rest", "RESTful Operation");
  AddCoding(event, root, "subtype", "http://hl7.org/fhir/restful-interaction", record.interaction, record.interaction);
  event.Add(root, "action", std::string_view(&record.action, 1));
  event.Add(root, "recorded", fhir::FormatInstant(recorded_us));
  event.Add(root, "outcome", std::to_string(static_cast<int>(record.outcome)));
  const std::size_t left_out =
      record.entities.size() > kAuditEntitiesMax ? record.entities.size() - kAuditEntitiesMax : 0;
  if (!record.error_code.empty()) {
    event.Add(root, "outcomeDesc", record.error_code);
  } else if (left_out > 0) {
    event.Add(root, "outcomeDesc", fmt::format("{} more entities", left_out));
  }
  AddAgent(event, actor);
  Node& source_node = event.Add(root, "source");
  if (!source.site.empty()) {
    event.Add(source_node, "site", source.site);
  }
  event.Add(event.Add(source_node, "observer"), "display", source.observer);
  if (!record.searched_type.empty()) {
    AddQuery(event, record);
  }
  for (std::size_t i = 0; i < record.entities.size() - left_out; ++i) {
    AddEntity(event, definitions, record.entities[i]);
  }
  AddMessage(event, actor.request_id);
  return event;
}

}  // namespace gateway::audit
