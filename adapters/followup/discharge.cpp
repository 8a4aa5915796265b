#include "adapters/followup/discharge.hpp"

#include <optional>
#include <utility>

#include <fmt/format.h>

#include "adapters/port/reference.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/model/data_types.hpp"
#include "fhir/search/query_parser.hpp"

namespace adapters::followup {
namespace {

constexpr std::string_view kKeySystem = "https://passerelle.example/fhir/identifier/follow-up";

const fhir::metadata::Definitions& R4() {
  return fhir::metadata::Definitions::R4();
}

/// A create that finds the resource of the same key instead, when there is one.
port::Change KeyedCreate(fhir::model::Document document, std::string_view key, std::string full_url) {
  port::Change change;
  change.verb = port::Verb::kCreate;
  change.type = document.root().type;
  change.condition = fhir::search::ByIdentifier(change.type, kKeySystem, key);
  change.resource.emplace(std::move(document));
  change.full_url = std::move(full_url);
  return change;
}

bool IsFinished(const fhir::model::Node* encounter) {
  return encounter != nullptr && encounter->ChildValue("status") == "finished";
}

}  // namespace

fhir::Result<void> DischargeFollowUp::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  if (!IsFinished(applied.after) || IsFinished(applied.before)) {
    return {};
  }
  const std::string_view encounter_class = applied.after->FindValue("class.code");
  for (const Plan& plan : plans_) {
    if (plan.encounter_class.empty() || plan.encounter_class == encounter_class) {
      GW_TRY(Open(plan, applied, work));
    }
  }
  return {};
}

fhir::Result<void> DischargeFollowUp::Open(const Plan& plan, const port::Applied& applied,
                                           port::UnitOfWork& work) const {
  const fhir::model::Node& encounter = *applied.after;
  const std::string_view patient = encounter.FindValue("subject.reference");
  const std::string_view end_text = encounter.FindValue("period.end");
  if (patient.empty() || end_text.empty()) {
    // A stay without its patient or its end cannot be followed; the structure of the Encounter is not this rule's to
    // judge.
    return {};
  }
  GW_ASSIGN(const fhir::DateTime end, fhir::ParseDateTime(end_text, fhir::DateForm::kRelaxed));
  GW_ASSIGN(const fhir::TimeZone* zone, fhir::TimeZone::Find(zone_));
  const std::int64_t discharged_us = fhir::ToRange(end, *zone).low_us;
  const std::string discharged = fhir::FormatInstantIn(discharged_us, *zone, 0);
  const std::string visit = port::MakeReference("Encounter", applied.id);
  const std::string now = fhir::FormatInstantIn(work.now_us(), *zone, 0);

  const std::string plan_key = fmt::format("{}/{}", applied.id, plan.url);
  const std::string plan_url = "urn:uuid:" + work.NewId();
  fhir::model::Document care_plan(R4().FindType("CarePlan"));
  AddIdentifier(care_plan, care_plan.root(), "identifier", kKeySystem, plan_key);
  care_plan.Add(care_plan.root(), "instantiatesCanonical", plan.url);
  care_plan.Add(care_plan.root(), "status", "active");
  care_plan.Add(care_plan.root(), "intent", "plan");
  if (!plan.title.empty()) {
    care_plan.Add(care_plan.root(), "title", plan.title);
  }
  AddReference(care_plan, care_plan.root(), "subject", patient);
  AddReference(care_plan, care_plan.root(), "encounter", visit);
  care_plan.Add(care_plan.Add(care_plan.root(), "period"), "start", discharged);
  care_plan.Add(care_plan.root(), "created", now);

  std::vector<port::Change> changes;
  changes.reserve(plan.actions.size() + 1);
  for (const PlanAction& action : plan.actions) {
    const std::string task_url = "urn:uuid:" + work.NewId();
    AddReference(care_plan, care_plan.Add(care_plan.root(), "activity"), "reference", task_url);

    // The due time keeps the wall clock of the discharge across a change of summer time.
    GW_ASSIGN(fhir::DateTime due_local, fhir::AddDays(fhir::ToLocal(discharged_us, *zone), action.due_days));
    due_local.offset_minutes.reset();
    const std::string due = fhir::FormatInstantIn(fhir::ToRange(due_local, *zone).low_us, *zone, 0);

    fhir::model::Document task(R4().FindType("Task"));
    AddIdentifier(task, task.root(), "identifier", kKeySystem, fmt::format("{}#{}", plan_key, action.id));
    task.Add(task.root(), "instantiatesCanonical", plan.url);
    AddReference(task, task.root(), "basedOn", plan_url);
    task.Add(task.root(), "status", "requested");
    task.Add(task.root(), "intent", "order");
    AddConcept(task, task.root(), "code", {.system = action.code_system, .code = action.code, .text = action.title});
    if (!action.description.empty()) {
      task.Add(task.root(), "description", action.description);
    }
    AddReference(task, task.root(), "for", patient);
    AddReference(task, task.root(), "encounter", visit);
    task.Add(task.root(), "authoredOn", now);
    fhir::model::Node& period = task.Add(task.Add(task.root(), "restriction"), "period");
    task.Add(period, "start", discharged);
    task.Add(period, "end", due);
    if (!action.price.empty()) {
      fhir::model::Node& input = task.Add(task.root(), "input");
      AddConcept(task, input, "type", {.text = "price"});
      AddMoney(task, input, "valueMoney", action.price, action.currency);
    }
    changes.push_back(KeyedCreate(std::move(task), fmt::format("{}#{}", plan_key, action.id), task_url));
  }
  changes.push_back(KeyedCreate(std::move(care_plan), plan_key, plan_url));
  fhir::IssueList issues;
  auto outcomes = work.Apply(std::move(changes), issues);
  if (!outcomes) {
    return std::unexpected(std::move(outcomes).error());
  }
  return {};
}

}  // namespace adapters::followup
