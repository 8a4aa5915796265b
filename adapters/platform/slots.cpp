#include "adapters/platform/slots.hpp"

#include <utility>

#include "adapters/port/reference.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/json/reader.hpp"

namespace adapters::platform {
namespace {

std::unexpected<fhir::Error> RefuseSlot(std::string text) {
  return fhir::Fail(fhir::ErrorCode::kInvalid, std::move(text));
}

fhir::Result<std::int64_t> InstantUs(std::string_view text) {
  GW_ASSIGN(const fhir::DateTime instant, fhir::ParseInstant(text));
  return fhir::ToRange(instant, fhir::TimeZone::Utc()).low_us;
}

}  // namespace

std::vector<std::string> SlotIds(const fhir::model::Node* appointment) {
  std::vector<std::string> ids;
  if (appointment == nullptr) {
    return ids;
  }
  for (const fhir::model::Node& child : appointment->children()) {
    if (child.name == "slot") {
      const port::LocalReference reference = port::SplitReference(child.ChildValue("reference"));
      if (reference.type == "Slot") {
        ids.emplace_back(reference.id);
      }
    }
  }
  return ids;
}

fhir::Result<SlotView> ReadSlot(std::string_view slot_id, port::UnitOfWork& work) {
  const fhir::metadata::TypeId slot_type = fhir::metadata::Definitions::R4().FindType("Slot");
  GW_ASSIGN(const std::optional<port::StoredResource> stored, work.Read(slot_type, slot_id));
  if (!stored || stored->deleted) {
    return RefuseSlot("the slot does not exist");
  }
  fhir::IssueList issues;
  GW_ASSIGN(const fhir::model::Document document, fhir::json::ReadJson(stored->body, {}, issues));
  const fhir::model::Node& slot = document.root();
  const port::LocalReference schedule = port::SplitReference(slot.FindValue("schedule.reference"));
  if (schedule.type != "Schedule") {
    return RefuseSlot("the slot has no schedule on this server");
  }
  SlotView view;
  view.id = slot_id;
  view.schedule_id = schedule.id;
  view.status = slot.ChildValue("status");
  GW_ASSIGN(view.start_us, InstantUs(slot.ChildValue("start")));
  GW_ASSIGN(view.end_us, InstantUs(slot.ChildValue("end")));
  if (view.start_us >= view.end_us) {
    return RefuseSlot("the slot ends before it begins");
  }
  return view;
}

}  // namespace adapters::platform
