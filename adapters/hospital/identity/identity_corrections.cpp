#include "adapters/hospital/identity/identity_corrections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

#include "adapters/port/reference.hpp"
#include "fhir/base/date_time.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/model/data_types.hpp"

namespace adapters::hospital::identity {
namespace {

using fhir::model::Document;
using fhir::model::Node;

constexpr std::string_view kTaskCodes = "https://passerelle.example/fhir/CodeSystem/task";
constexpr std::string_view kTaskKeys = "https://passerelle.example/fhir/identifier/identity-correction";
constexpr std::string_view kBirthPlace = "http://hl7.org/fhir/StructureDefinition/patient-birthPlace";

bool IsIns(const Node& identifier) {
  const Node* const type = identifier.Child("type");
  if (type == nullptr) {
    return false;
  }
  const auto codings = type->children();
  return std::any_of(codings.begin(), codings.end(),
                     [](const Node& coding) { return coding.ChildValue("code").starts_with("INS"); });
}

/// The content of the children that count, one after another.
std::string ContentOf(const Node& patient, const std::function<bool(const Node&)>& counts) {
  Document part(patient.type);
  for (const Node& child : patient.children()) {
    if (counts(child)) {
      part.CopyInto(part.root(), child.name, child);
    }
  }
  return fhir::json::WriteJson(part.root());
}

/// The strict traits that are not what they were.
std::vector<std::string_view> ChangedTraits(const Node& before, const Node& after) {
  const std::pair<std::string_view, std::function<bool(const Node&)>> traits[] = {
      {"name", [](const Node& child) { return child.name == "name"; }},
      {"birthDate", [](const Node& child) { return child.name == "birthDate"; }},
      {"gender", [](const Node& child) { return child.name == "gender"; }},
      {"birthPlace",
       [](const Node& child) { return child.name == "extension" && child.ChildValue("url") == kBirthPlace; }},
      {"INS", [](const Node& child) { return child.name == "identifier" && IsIns(child); }},
  };
  std::vector<std::string_view> changed;
  for (const auto& [name, counts] : traits) {
    if (ContentOf(before, counts) != ContentOf(after, counts)) {
      changed.push_back(name);
    }
  }
  return changed;
}

bool Knows(const Node& patient, std::string_view system) {
  const auto children = patient.children();
  return std::any_of(children.begin(), children.end(), [&](const Node& child) {
    return child.name == "identifier" && child.ChildValue("system") == system;
  });
}

void AddInput(Document& task, std::string_view what, std::string_view value) {
  Node& input = task.Add(task.root(), "input");
  fhir::model::AddConcept(task, input, "type", {.text = what});
  task.Add(input, "valueString", value);
}

port::Change TaskFor(const IdentityAuthority& authority, const port::Applied& applied,
                     const std::vector<std::string_view>& changed, const port::UnitOfWork& work) {
  using fhir::model::AddReference;
  Document task(fhir::metadata::Definitions::R4().FindType("Task"));
  const std::string patient = port::MakeReference("Patient", applied.id);
  fhir::model::AddIdentifier(task, task.root(), "identifier", kTaskKeys,
                             fmt::format("{}/{}/{}", authority.partner, applied.id, applied.version));
  task.Add(task.root(), "status", "requested");
  task.Add(task.root(), "intent", "order");
  fhir::model::AddConcept(
      task, task.root(), "code",
      {.system = kTaskCodes, .code = "identity-correction", .text = "An identity was changed by somebody else"});
  AddReference(task, task.root(), "focus", patient);
  AddReference(task, task.root(), "for", patient);
  task.Add(task.root(), "authoredOn", fhir::FormatInstant(work.now_us()));
  if (const auto owner = applied.after->FindValue("managingOrganization.reference"); !owner.empty()) {
    AddReference(task, task.root(), "owner", owner);
  }
  for (const auto name : changed) {
    AddInput(task, "changed", name);
  }
  AddInput(task, "version before", fmt::format("{}", applied.version - 1));
  AddInput(task, "version after", fmt::format("{}", applied.version));
  port::Change change;
  change.verb = port::Verb::kCreate;
  change.type = task.root().type;
  change.resource = std::move(task);
  return change;
}

}  // namespace

fhir::Result<void> IdentityCorrections::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  if (applied.effect != port::Effect::kUpdated || applied.before == nullptr || applied.after == nullptr ||
      applied.actor == nullptr) {
    return {};
  }
  std::vector<port::Change> changes;
  for (const IdentityAuthority& authority : authorities_) {
    if (applied.actor->party == authority.partner || !Knows(*applied.after, authority.patient_system)) {
      continue;
    }
    if (const auto changed = ChangedTraits(*applied.before, *applied.after); !changed.empty()) {
      changes.push_back(TaskFor(authority, applied, changed, work));
    }
  }
  if (changes.empty()) {
    return {};
  }
  fhir::IssueList issues;
  GW_TRY(work.Apply(std::move(changes), issues));
  return {};
}

}  // namespace adapters::hospital::identity
