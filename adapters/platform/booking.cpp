#include "adapters/platform/booking.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "adapters/platform/slots.hpp"
#include "adapters/port/reference.hpp"
#include "fhir/search/query_parser.hpp"

namespace adapters::platform {
namespace {

/// Statuses in which an appointment holds its time (https://hl7.org/fhir/R4/valueset-appointmentstatus.html).
constexpr std::array kHoldingStatuses = {"pending", "booked", "arrived", "fulfilled", "checked-in"};

fhir::Result<void> SetStatus(std::string_view slot_id, std::string_view status, port::UnitOfWork& work) {
  const fhir::metadata::TypeId slot_type = fhir::metadata::Definitions::R4().FindType("Slot");
  GW_ASSIGN(const std::optional<port::StoredResource> stored, work.Read(slot_type, slot_id));
  if (!stored || stored->deleted) {
    return {};  // the agenda took the slot away while it was booked: there is nothing to set free
  }
  port::Change change;
  change.verb = port::Verb::kMerge;
  change.type = slot_type;
  change.id = slot_id;
  change.resource.emplace(slot_type);
  change.resource->Add(change.resource->root(), "status", status);
  std::vector<port::Change> changes;
  changes.push_back(std::move(change));
  fhir::IssueList issues;
  auto applied = work.Apply(std::move(changes), issues);
  if (!applied) {
    return std::unexpected(std::move(applied).error());
  }
  return {};
}

/// A booked slot that is not one of ours can be held by nobody: the promise would be empty.
fhir::Result<void> CheckAllLocal(const fhir::model::Node* appointment) {
  std::size_t index = 0;
  for (const fhir::model::Node& child : appointment->children()) {
    if (child.name != "slot") {
      continue;
    }
    if (port::SplitReference(child.ChildValue("reference")).type != "Slot") {
      fhir::Error error;
      error.code = fhir::ErrorCode::kInvalid;
      error.public_text.text = "a booked slot must be a reference to a Slot of this server";
      error.expression = fmt::format("Appointment.slot[{}]", index);
      return std::unexpected(std::move(error));
    }
    ++index;
  }
  return {};
}

bool Holds(const fhir::model::Node* appointment) {
  if (appointment == nullptr) {
    return false;
  }
  const std::string_view status = appointment->ChildValue("status");
  return std::find(kHoldingStatuses.begin(), kHoldingStatuses.end(), status) != kHoldingStatuses.end();
}

std::vector<std::string> HeldSlotIds(const fhir::model::Node* appointment) {
  return Holds(appointment) ? SlotIds(appointment) : std::vector<std::string>{};
}

bool Contains(const std::vector<std::string>& ids, std::string_view id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::unexpected<fhir::Error> AtSlot(fhir::Error error, std::size_t index) {
  error.expression = fmt::format("Appointment.slot[{}]", index);
  return std::unexpected(std::move(error));
}

}  // namespace

fhir::Result<void> Booking::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  if (Holds(applied.after)) {
    GW_TRY(CheckAllLocal(applied.after));
  }
  const std::vector<std::string> before = HeldSlotIds(applied.before);
  const std::vector<std::string> after = HeldSlotIds(applied.after);
  if (before == after) {
    return {};
  }
  // Claims given back here stay invisible to others until the commit: nobody can slip into the gap between the two.
  if (!before.empty()) {
    GW_TRY(work.ReleaseClaims(applied.id));
  }
  for (std::size_t i = 0; i < after.size(); ++i) {
    auto slot = ReadSlot(after[i], work);
    if (!slot) {
      return AtSlot(std::move(slot).error(), i);
    }
    if (slot->status != "free" && !Contains(before, slot->id)) {
      return AtSlot({.code = fhir::ErrorCode::kConflict, .public_text = {"this slot is not free"}}, i);
    }
    auto claimed = work.Claim({.schedule_id = slot->schedule_id,
                               .appointment_id = std::string(applied.id),
                               .slot_id = slot->id,
                               .start_us = slot->start_us,
                               .end_us = slot->end_us});
    if (!claimed) {
      return AtSlot(std::move(claimed).error(), i);
    }
  }
  for (const std::string& id : after) {
    if (!Contains(before, id)) {
      GW_TRY(SetStatus(id, "busy", work));
    }
  }
  for (const std::string& id : before) {
    if (!Contains(after, id)) {
      GW_TRY(SetStatus(id, "free", work));
    }
  }
  return {};
}

fhir::Result<void> BookedSlot::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  if (applied.before == nullptr) {
    return {};
  }
  const auto same = [&](std::string_view path) {
    return applied.before->FindValue(path) == applied.after->FindValue(path);
  };
  const bool keeps_its_time = applied.after != nullptr && same("start") && same("end") && same("schedule.reference") &&
                              applied.after->ChildValue("status") != "free";
  if (keeps_its_time) {
    return {};
  }
  std::string text = "status=";
  for (const std::string_view status : kHoldingStatuses) {
    text += fmt::format("{}{}", text.back() == '=' ? "" : ",", status);
  }
  const fhir::metadata::TypeId appointment = fhir::metadata::Definitions::R4().FindType("Appointment");
  text += fmt::format("&slot=Slot/{}", applied.id);
  GW_ASSIGN(const fhir::search::Query query, fhir::search::ParseConditional(appointment, text, {}));
  auto holders = work.Search(query, 1);
  const bool held = holders ? !holders->empty() : holders.error().code == fhir::ErrorCode::kTooLarge;
  if (held) {
    return fhir::Fail(fhir::ErrorCode::kConflict, "this slot is booked: cancel or move its appointment first");
  }
  if (!holders) {
    return std::unexpected(std::move(holders).error());
  }
  return {};
}

}  // namespace adapters::platform
