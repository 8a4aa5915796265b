#include "adapters/followup/discharge.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "adapters/followup/plan_resources.hpp"
#include "adapters/port/reference.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/model/data_types.hpp"
#include "fhir/search/query_parser.hpp"

namespace adapters::followup {
namespace {

/// Plans of a hundred actions each, over several versions of a plan.
constexpr std::size_t kResourcesMax = 1000;

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

/// A change of a stored resource's status; the caller adds what else changes.
port::Change StatusChange(const port::StoredResource& stored, std::string_view status) {
  port::Change change;
  change.verb = port::Verb::kMerge;
  change.type = stored.type;
  change.id = stored.id;
  change.resource.emplace(stored.type);
  change.resource->Add(change.resource->root(), "status", status);
  return change;
}

bool IsFinished(const fhir::model::Node* encounter) {
  return encounter != nullptr && encounter->ChildValue("status") == "finished";
}

bool IsVoid(const fhir::model::Node* encounter) {
  const std::string_view status =
      encounter == nullptr ? std::string_view("cancelled") : encounter->ChildValue("status");
  return status == "cancelled" || status == "entered-in-error";
}

/// States of a CarePlan or Task in which it is over for good.
bool IsOver(std::string_view status) {
  static constexpr std::array<std::string_view, 6> kOver = {"completed", "revoked",  "cancelled",
                                                            "failed",    "rejected", "entered-in-error"};
  return std::find(kOver.begin(), kOver.end(), status) != kOver.end();
}

fhir::Result<void> ApplyAll(std::vector<port::Change> changes, port::UnitOfWork& work) {
  if (changes.empty()) {
    return {};
  }
  fhir::IssueList issues;
  auto outcomes = work.Apply(std::move(changes), issues);
  return outcomes ? fhir::Result<void>() : std::unexpected(std::move(outcomes).error());
}

/// Gives what a discharge opened the state that the stay now calls for.
fhir::Result<void> Withdraw(const port::Applied& applied, port::UnitOfWork& work) {
  std::vector<port::Change> changes;
  for (const std::string_view type_name : {"CarePlan", "Task"}) {
    const fhir::metadata::TypeId type = fhir::metadata::Definitions::R4().FindType(type_name);
    GW_ASSIGN(const fhir::search::Query query,
              fhir::search::ParseConditional(type,
                                             "encounter=" + port::MakeReference("Encounter", applied.id) +
                                                 "&identifier=" + std::string(kKeySystem) + "|",
                                             {}));
    GW_ASSIGN(const std::vector<port::StoredResource> found, work.Search(query, kResourcesMax));
    const std::string_view ended = type_name == "Task" ? "cancelled" : "revoked";
    const std::string_view status = IsVoid(applied.after) ? ended : "on-hold";
    for (const port::StoredResource& stored : found) {
      fhir::IssueList issues;
      GW_ASSIGN(const fhir::model::Document document, fhir::json::ReadJson(stored.body, {}, issues));
      if (!IsOver(document.root().ChildValue("status"))) {
        changes.push_back(StatusChange(stored, status));
      }
    }
  }
  return ApplyAll(std::move(changes), work);
}

}  // namespace

fhir::Result<void> DischargeFollowUp::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  const bool taken_back = IsFinished(applied.before) && !IsFinished(applied.after);
  const bool made_void = applied.before != nullptr && !IsVoid(applied.before) && IsVoid(applied.after);
  if (taken_back || made_void) {
    return Withdraw(applied, work);
  }
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
  const std::string_view patient = applied.after->FindValue("subject.reference");
  const std::string_view end_text = applied.after->FindValue("period.end");
  if (patient.empty() || end_text.empty()) {
    // A stay without its patient or its end cannot be followed; the structure of the Encounter is not this rule's to
    // judge.
    return {};
  }
  GW_ASSIGN(const fhir::DateTime end, fhir::ParseDateTime(end_text, fhir::DateForm::kRelaxed));
  GW_ASSIGN(const fhir::TimeZone* zone, fhir::TimeZone::Find(zone_));
  const EndedStay stay{applied.id, patient, fhir::ToRange(end, *zone).low_us, work.now_us(), zone};

  const std::string plan_url = "urn:uuid:" + work.NewUuid();
  fhir::model::Document care_plan = MakeCarePlan(plan, stay);
  std::vector<port::Change> changes;
  changes.reserve(plan.actions.size() + 1);
  for (const PlanAction& action : plan.actions) {
    const std::string task_url = "urn:uuid:" + work.NewUuid();
    AddReference(care_plan, care_plan.Add(care_plan.root(), "activity"), "reference", task_url);
    GW_ASSIGN(fhir::model::Document task, MakeTask(plan, action, stay, plan_url));
    changes.push_back(KeyedCreate(std::move(task), KeyOf(plan, action, stay.encounter_id), task_url));
  }
  changes.push_back(KeyedCreate(std::move(care_plan), KeyOf(plan, stay.encounter_id), plan_url));
  fhir::IssueList issues;
  GW_ASSIGN(const std::vector<port::Outcome> outcomes, work.Apply(std::move(changes), issues));

  // What an earlier discharge opened and its withdrawal put on hold goes on, with the times of this discharge.
  std::vector<port::Change> resumed;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    if (outcomes[i].effect != port::Effect::kUnchanged) {
      continue;
    }
    GW_ASSIGN(const fhir::model::Document stored, fhir::json::ReadJson(outcomes[i].resource.body, {}, issues));
    if (stored.root().ChildValue("status") != "on-hold") {
      continue;
    }
    if (i < plan.actions.size()) {
      port::Change change = StatusChange(outcomes[i].resource, "requested");
      GW_TRY(AddDue(*change.resource, plan.actions[i], stay));
      resumed.push_back(std::move(change));
    } else {
      port::Change change = StatusChange(outcomes[i].resource, "active");
      change.resource->Add(change.resource->Add(change.resource->root(), "period"), "start",
                           fhir::FormatInstantIn(stay.discharged_us, *zone, 0));
      resumed.push_back(std::move(change));
    }
  }
  return ApplyAll(std::move(resumed), work);
}

}  // namespace adapters::followup
