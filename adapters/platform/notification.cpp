#include "adapters/platform/notification.hpp"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "adapters/platform/slots.hpp"
#include "adapters/port/reference.hpp"
#include "fhir/json/reader.hpp"

namespace adapters::platform {
namespace {

/// Adds the systems of the identifiers of every schedule the appointment stands on. A slot or schedule that is gone
/// names none: whether an appointment may stand on it is for the booking to judge.
fhir::Result<void> AddScheduleSystems(const fhir::model::Node* appointment, port::UnitOfWork& work,
                                      std::vector<std::string>& systems) {
  const fhir::metadata::TypeId schedule_type = fhir::metadata::Definitions::R4().FindType("Schedule");
  for (const std::string& slot_id : SlotIds(appointment)) {
    const auto slot = ReadSlot(slot_id, work);
    if (!slot && slot.error().code == fhir::ErrorCode::kInvalid) {
      continue;
    }
    if (!slot) {
      return std::unexpected(slot.error());
    }
    GW_ASSIGN(const std::optional<port::StoredResource> schedule, work.Read(schedule_type, slot->schedule_id));
    if (!schedule || schedule->deleted) {
      continue;
    }
    fhir::IssueList issues;
    GW_ASSIGN(const fhir::model::Document document, fhir::json::ReadJson(schedule->body, {}, issues));
    for (const fhir::model::Node& child : document.root().children()) {
      if (child.name == "identifier") {
        systems.emplace_back(child.ChildValue("system"));
      }
    }
  }
  return {};
}

}  // namespace

fhir::Result<void> AppointmentNotification::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  if (routes_.empty() || (applied.actor != nullptr && applied.actor->kind == port::PartyKind::kPlatform)) {
    return {};
  }
  // A move to another platform's schedule concerns both: the one it leaves gets its time back.
  std::vector<std::string> systems;
  GW_TRY(AddScheduleSystems(applied.before, work, systems));
  GW_TRY(AddScheduleSystems(applied.after, work, systems));
  for (const NotificationRoute& route : routes_) {
    const bool all = route.schedule_identifier_system.empty();
    if (!all && std::find(systems.begin(), systems.end(), route.schedule_identifier_system) == systems.end()) {
      continue;
    }
    const std::string path = port::MakeReference("Appointment", applied.id);
    std::string body;
    if (applied.after != nullptr) {
      GW_ASSIGN(const std::optional<port::StoredResource> stored, work.Read(applied.type, applied.id));
      if (!stored) {
        continue;
      }
      body = stored->body;
    }
    GW_TRY(work.Enqueue({.destination = route.destination,
                         .kind = "rest-hook",
                         .order_key = path,
                         .payload = fmt::format("{}\n{}", path, body),
                         .cause = fmt::format("{}/_history/{}", path, applied.version)}));
  }
  return {};
}

}  // namespace adapters::platform
