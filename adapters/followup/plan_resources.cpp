#include "adapters/followup/plan_resources.hpp"

#include <fmt/format.h>

#include "adapters/port/reference.hpp"
#include "fhir/model/data_types.hpp"

namespace adapters::followup {
namespace {

fhir::model::Document NewResource(std::string_view type) {
  return fhir::model::Document(fhir::metadata::Definitions::R4().FindType(type));
}

std::string At(std::int64_t instant_us, const EndedStay& stay) {
  return fhir::FormatInstantIn(instant_us, *stay.zone, 0);
}

}  // namespace

std::string KeyOf(const Plan& plan, std::string_view encounter_id) {
  return fmt::format("{}/{}", encounter_id, plan.url);
}

std::string KeyOf(const Plan& plan, const PlanAction& action, std::string_view encounter_id) {
  return fmt::format("{}#{}", KeyOf(plan, encounter_id), action.id);
}

fhir::model::Document MakeCarePlan(const Plan& plan, const EndedStay& stay) {
  fhir::model::Document care_plan = NewResource("CarePlan");
  AddIdentifier(care_plan, care_plan.root(), "identifier", kKeySystem, KeyOf(plan, stay.encounter_id));
  care_plan.Add(care_plan.root(), "instantiatesCanonical", plan.url);
  care_plan.Add(care_plan.root(), "status", "active");
  care_plan.Add(care_plan.root(), "intent", "plan");
  if (!plan.title.empty()) {
    care_plan.Add(care_plan.root(), "title", plan.title);
  }
  AddReference(care_plan, care_plan.root(), "subject", stay.patient);
  AddReference(care_plan, care_plan.root(), "encounter", port::MakeReference("Encounter", stay.encounter_id));
  care_plan.Add(care_plan.Add(care_plan.root(), "period"), "start", At(stay.discharged_us, stay));
  care_plan.Add(care_plan.root(), "created", At(stay.now_us, stay));
  return care_plan;
}

fhir::Result<void> AddDue(fhir::model::Document& task, const PlanAction& action, const EndedStay& stay) {
  GW_ASSIGN(fhir::DateTime due, fhir::AddDays(fhir::ToLocal(stay.discharged_us, *stay.zone), action.due_days));
  due.offset_minutes.reset();
  fhir::model::Node& period = task.Add(task.Add(task.root(), "restriction"), "period");
  task.Add(period, "start", At(stay.discharged_us, stay));
  task.Add(period, "end", At(fhir::ToRange(due, *stay.zone).low_us, stay));
  return {};
}

fhir::Result<fhir::model::Document> MakeTask(const Plan& plan, const PlanAction& action, const EndedStay& stay,
                                             std::string_view plan_url) {
  fhir::model::Document task = NewResource("Task");
  AddIdentifier(task, task.root(), "identifier", kKeySystem, KeyOf(plan, action, stay.encounter_id));
  task.Add(task.root(), "instantiatesCanonical", plan.url);
  AddReference(task, task.root(), "basedOn", plan_url);
  task.Add(task.root(), "status", "requested");
  task.Add(task.root(), "intent", "order");
  AddConcept(task, task.root(), "code", {.system = action.code_system, .code = action.code, .text = action.title});
  if (!action.description.empty()) {
    task.Add(task.root(), "description", action.description);
  }
  AddReference(task, task.root(), "for", stay.patient);
  AddReference(task, task.root(), "encounter", port::MakeReference("Encounter", stay.encounter_id));
  task.Add(task.root(), "authoredOn", At(stay.now_us, stay));
  GW_TRY(AddDue(task, action, stay));
  if (!action.price.empty()) {
    fhir::model::Node& input = task.Add(task.root(), "input");
    AddConcept(task, input, "type", {.text = "price"});
    AddMoney(task, input, "valueMoney", action.price, action.currency);
  }
  return task;
}

}  // namespace adapters::followup
