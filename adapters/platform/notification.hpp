// Tells a platform, through the outbox, of what happened to appointments on its schedules.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/port/unit_of_work.hpp"

namespace adapters::platform {

/// Which rest-hook destination hears of which schedules.
struct NotificationRoute {
  std::string destination;                 ///< name of a rest-hook destination
  std::string schedule_identifier_system;  ///< schedules with an identifier of this system; "" means every schedule
};

/// Follows Appointment: enqueues the stored resource for the platform whose schedule it is on. A platform's own change
/// is not sent back to it. Payload: the path "Appointment/<id>", a line feed, then the JSON body, which is empty when
/// the appointment was deleted. thread-safe.
class AppointmentNotification final : public port::Reaction {
 public:
  explicit AppointmentNotification(std::vector<NotificationRoute> routes) : routes_(std::move(routes)) {}

  std::string_view name() const override { return "appointment-notification"; }
  bool Wants(std::string_view resource_type) const override { return resource_type == "Appointment"; }
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;

 private:
  std::vector<NotificationRoute> routes_;
};

}  // namespace adapters::platform
