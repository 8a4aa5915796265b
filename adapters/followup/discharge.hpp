// Opens a patient's follow-up in the same transaction as the discharge that causes it, and takes it back with it.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "adapters/followup/plan.hpp"
#include "adapters/port/unit_of_work.hpp"

namespace adapters::followup {

/// Follows Encounter. When one of a plan's class becomes finished, creates the CarePlan and a Task per action, each
/// keyed by (encounter, plan, action), so that the same discharge told twice opens one plan. Due times are whole days
/// after the end of the stay, at the same local time in `zone`.
/// When the discharge is taken back, what nobody has ended yet waits (on-hold) for the next discharge, which gives it
/// new times; with a stay that was cancelled, entered in error or deleted, it ends (CarePlan revoked, Tasks cancelled).
/// thread-safe.
class DischargeFollowUp final : public port::Reaction {
 public:
  DischargeFollowUp(std::vector<Plan> plans, std::string zone) : plans_(std::move(plans)), zone_(std::move(zone)) {}

  std::string_view name() const override { return "discharge-follow-up"; }
  bool Wants(std::string_view resource_type) const override { return resource_type == "Encounter"; }
  fhir::Result<void> OnApplied(const port::Applied& applied, port::UnitOfWork& work) override;

 private:
  fhir::Result<void> Open(const Plan& plan, const port::Applied& applied, port::UnitOfWork& work) const;

  std::vector<Plan> plans_;
  std::string zone_;
};

}  // namespace adapters::followup
