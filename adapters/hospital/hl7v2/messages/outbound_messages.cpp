#include "adapters/hospital/hl7v2/messages/outbound_messages.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/hospital/hl7v2/er7/timestamp.hpp"
#include "adapters/hospital/hl7v2/messages/document_content.hpp"
#include "adapters/hospital/hl7v2/messages/resource_cache.hpp"
#include "adapters/mapping/digest.hpp"
#include "fhir/base/date_time.hpp"

namespace adapters::hospital::hl7v2::messages {
namespace {

using fhir::model::Document;
using fhir::model::Node;
using mapping::outbound::OutboundInput;
using mapping::outbound::OutboundMap;

constexpr std::size_t kControlIdCharacters = 20;  // MSH-10 holds 20 in HL7 v2.5

/// The receiver as the rules see it.
Document PartnerResource(const Receiver& receiver) {
  Document document(fhir::metadata::Definitions::R4().FindType("Organization"));
  Node& identifier = document.Add(document.root(), "identifier");
  document.Add(identifier, "system", receiver.patient_system);
  document.Add(identifier, "value", receiver.authority_id);
  document.Add(document.root(), "name", receiver.authority_name);
  return document;
}

bool HasCode(const Node& concept_node, const std::vector<std::string>& codes) {
  const auto codings = concept_node.children();
  return std::any_of(codings.begin(), codings.end(), [&](const Node& coding) {
    return std::find(codes.begin(), codes.end(), coding.ChildValue("code")) != codes.end();
  });
}

bool Concerns(const OutboundRoute& route, const port::Applied& applied, const Node& resource) {
  const port::Actor* actor = applied.actor;
  if (actor == nullptr || actor->party == route.partner) {
    return false;
  }
  if (!route.from_any_kind && actor->kind != route.from_kind) {
    return false;
  }
  const auto children = resource.children();
  return route.codes.empty() || std::any_of(children.begin(), children.end(), [&](const Node& child) {
           return (child.name == "type" || child.name == "code" || child.name == "category") &&
                  HasCode(child, route.codes);
         });
}

std::string ControlId(const OutboundRoute& route, std::string_view cause) {
  std::string id = mapping::DigestUuid(fmt::format("{}{}", route.destination, cause));
  std::erase(id, '-');
  id.resize(kControlIdCharacters);
  return id;
}

}  // namespace

std::string_view IdentifierOf(const Node& resource, std::string_view system) {
  for (const Node& child : resource.children()) {
    if (child.name == "identifier" && child.ChildValue("system") == system && child.ChildValue("use") != "old") {
      return child.ChildValue("value");
    }
  }
  return {};
}

OutboundMessages::OutboundMessages(std::vector<OutboundRoute> routes, CurrentMaps maps)
    : routes_(std::move(routes)), maps_(std::move(maps)) {
  partners_.reserve(routes_.size());
  for (const OutboundRoute& route : routes_) {
    partners_.push_back(PartnerResource(route.receiver));
  }
}

bool OutboundMessages::Wants(std::string_view resource_type) const {
  const auto maps = maps_();
  return std::any_of(routes_.begin(), routes_.end(), [&](const OutboundRoute& route) {
    const OutboundMap* const map = maps->Find(route.rules);
    return map != nullptr && map->resource_type() == resource_type;
  });
}

fhir::Result<void> OutboundMessages::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  const Node* const resource = applied.after != nullptr ? applied.after : applied.before;
  if (resource == nullptr || applied.effect == port::Effect::kUnchanged) {
    return {};
  }
  const auto maps = maps_();
  const auto type = fhir::metadata::Definitions::R4().TypeName(applied.type);
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    const OutboundMap* const map = maps->Find(routes_[i].rules);
    if (map != nullptr && map->resource_type() == type && Concerns(routes_[i], applied, *resource)) {
      GW_TRY(Send(routes_[i], partners_[i], *map, applied, work));
    }
  }
  return {};
}

fhir::Result<void> OutboundMessages::Send(const OutboundRoute& route, const Document& partner, const OutboundMap& map,
                                          const port::Applied& applied, port::UnitOfWork& work) const {
  ResourceCache cache(work);
  OutboundInput input;
  input.deleted = applied.after == nullptr;
  input.resource = input.deleted ? applied.before : applied.after;
  input.before = applied.before;
  input.variables["partner"] = &partner.root();
  input.resolve = [&cache](std::string_view reference) { return cache.Find(reference); };
  input.now = fhir::FormatInstant(work.now_us());
  input.timestamp = [](std::string_view text) { return er7::FormatTimestamp(text); };

  GW_ASSIGN(const mapping::outbound::EventRule* const event, map.EventOf(input));
  GW_TRY(cache.status());
  if (event == nullptr) {
    return {};
  }
  GW_ASSIGN(const std::string patient_reference, map.PatientOf(input));
  const std::string own = fmt::format("Patient/{}", applied.id);
  const Node* const patient =
      map.resource_type() == "Patient" && patient_reference == own ? input.resource : cache.Find(patient_reference);
  GW_TRY(cache.status());
  if (patient == nullptr || IdentifierOf(*patient, route.receiver.patient_system).empty()) {
    return {};
  }
  input.variables["patient"] = patient;
  GW_ASSIGN(const std::string encounter_reference, map.EncounterOf(input));
  const Node* const encounter = cache.Find(encounter_reference);
  if (encounter != nullptr) {
    input.variables["encounter"] = encounter;
  }
  const std::string now = NowStamp(route.receiver, work.now_us());
  input.facts["now"] = now;
  DocumentContent content;
  if (map.resource_type() == "DocumentReference" && input.resource->ChildValue("status") == "current" &&
      !input.deleted) {
    GW_ASSIGN(content, ContentToSend({.document = input.resource,
                                      .before = input.before,
                                      .patient = patient,
                                      .encounter = encounter,
                                      .version = applied.version,
                                      .pdf_in_cda = route.pdf_in_cda,
                                      .now_us = work.now_us()},
                                     route.receiver, cache));
    if (content.base64.empty()) {
      return {};
    }
    input.facts["content"] = content.base64;
    input.facts["content.type"] = content.type;
    input.facts["content.subtype"] = content.subtype;
  }
  GW_ASSIGN(const auto segments, map.Run(input, *event));
  GW_TRY(cache.status());
  const std::string cause = fmt::format("{}/{}/_history/{}", map.resource_type(), applied.id, applied.version);
  const MessageHeader header{.type = map.message_type(),
                             .event = event->event,
                             .structure = event->structure,
                             .version = map.version(),
                             .profile = map.profile(),
                             .control_id = ControlId(route, cause),
                             .now_us = work.now_us()};
  return work.Enqueue({.destination = route.destination,
                       .kind = "mllp",
                       .order_key = patient_reference,
                       .payload = WriteMessage(header, route.receiver, segments),
                       .cause = cause});
}

}  // namespace adapters::hospital::hl7v2::messages
