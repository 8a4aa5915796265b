// What booking and notification both ask of an Appointment: which slots it stands on, and on whose schedule.
#pragma once

#include <string>
#include <vector>

#include "adapters/port/unit_of_work.hpp"
#include "fhir/model/document.hpp"

namespace adapters::platform {

/// Ids of the slots an Appointment refers to, in order; only local references "Slot/<id>". `appointment` may be null.
std::vector<std::string> SlotIds(const fhir::model::Node* appointment);

/// A Slot as far as booking needs it.
struct SlotView {
  std::string id;
  std::string schedule_id;
  std::string status;  ///< busy | free | busy-unavailable | busy-tentative | entered-in-error
  std::int64_t start_us = 0;
  std::int64_t end_us = 0;
};

/// Reads a slot inside the transaction. Errors: kInvalid when it does not exist or lacks a schedule or its times.
fhir::Result<SlotView> ReadSlot(std::string_view slot_id, port::UnitOfWork& work);

}  // namespace adapters::platform
