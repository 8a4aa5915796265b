// Keeps one promise: a stretch of a schedule's time is booked once. Every Appointment that reaches the record, by REST,
// transaction or message, passes here inside its own transaction; the exclusion lies in the database (time_claim).
#pragma once

#include <string_view>

#include "adapters/port/unit_of_work.hpp"

namespace adapters::platform {

/// Follows Appointment: a booked one claims the time of each of its slots and sets them busy; a cancelled, missed or
/// deleted one gives the time back and sets them free; a moved one claims the new time before it frees the old.
/// Errors: kConflict when the time is taken, kInvalid when a slot does not exist or is not readable.
/// thread-safe: holds no state.
class Booking final : public port::Reaction {
 public:
  std::string_view name() const override { return "booking"; }
  bool Wants(std::string_view resource_type) const override { return resource_type == "Appointment"; }
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;
};

/// Follows Slot: one that an appointment holds keeps its time, its schedule and its status until the appointment lets
/// it go; it cannot be deleted either. Without this, moving a booked slot would book its time twice.
/// Errors: kConflict. thread-safe: holds no state.
class BookedSlot final : public port::Reaction {
 public:
  std::string_view name() const override { return "booked-slot"; }
  bool Wants(std::string_view resource_type) const override { return resource_type == "Slot"; }
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;
};

}  // namespace adapters::platform
