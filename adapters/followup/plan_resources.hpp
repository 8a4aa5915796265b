// The resources of a follow-up that is opened: one CarePlan, and a Task for each action of the plan.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "adapters/followup/plan.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/model/document.hpp"

namespace adapters::followup {

/// System of the identifiers that key what a follow-up is made of.
inline constexpr std::string_view kKeySystem = "https://passerelle.example/fhir/identifier/follow-up";

/// The stay that ended, and what all resources of its follow-up share.
struct EndedStay {
  std::string_view encounter_id;
  std::string_view patient;        ///< "Patient/123"
  std::int64_t discharged_us = 0;  ///< microseconds since 1970 UTC
  std::int64_t now_us = 0;         ///< the same
  const fhir::TimeZone* zone = nullptr;
};

/// Key of the CarePlan: "{encounter id}/{plan url}".
std::string KeyOf(const Plan& plan, std::string_view encounter_id);
/// Key of a Task: the plan's, "#" and the action.
std::string KeyOf(const Plan& plan, const PlanAction& action, std::string_view encounter_id);

/// An active CarePlan from the discharge on, without its activities.
fhir::model::Document MakeCarePlan(const Plan& plan, const EndedStay& stay);

/// A requested Task on the CarePlan at `plan_url`. Errors: a due time beyond the calendar.
fhir::Result<fhir::model::Document> MakeTask(const Plan& plan, const PlanAction& action, const EndedStay& stay,
                                             std::string_view plan_url);

/// Adds restriction.period, from the discharge to the same local time `due_days` later: the wall clock stays across a
/// change of summer time. Errors: as MakeTask.
fhir::Result<void> AddDue(fhir::model::Document& task, const PlanAction& action, const EndedStay& stay);

}  // namespace adapters::followup
