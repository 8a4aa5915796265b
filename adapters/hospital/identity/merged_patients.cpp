#include "adapters/hospital/identity/merged_patients.hpp"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "adapters/port/reference.hpp"
#include "fhir/json/reader.hpp"

namespace adapters::hospital::identity {
namespace {

using fhir::model::Node;

constexpr int kChainMax = 100;

/// Ids of the Patients of this server that replace this one.
std::vector<std::string> Replacements(const Node* patient) {
  std::vector<std::string> ids;
  if (patient == nullptr) {
    return ids;
  }
  for (const Node& child : patient->children()) {
    if (child.name == "link" && child.ChildValue("type") == "replaced-by") {
      const auto other = port::SplitReference(child.FindValue("other.reference"));
      if (other.type == "Patient") {
        ids.emplace_back(other.id);
      }
    }
  }
  return ids;
}

bool Lists(const std::vector<std::string>& ids, std::string_view id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::unexpected<fhir::Error> Circle() {
  fhir::Error error;
  error.code = fhir::ErrorCode::kInvalid;
  error.public_text.text = "a patient cannot replace itself, nor by way of others";
  error.expression = "Patient.link";
  return std::unexpected(std::move(error));
}

/// Follows who replaces `first`, and whoever replaces those, looking for `id`.
fhir::Result<void> CheckNoCircle(std::string_view id, const std::string& first, fhir::metadata::TypeId type,
                                 port::UnitOfWork& work) {
  std::vector<std::string> chain{first};
  for (std::size_t i = 0; i < chain.size(); ++i) {
    if (chain[i] == id || i == kChainMax) {
      return Circle();
    }
    GW_ASSIGN(const auto stored, work.Read(type, chain[i]));
    if (!stored || stored->deleted) {
      continue;
    }
    fhir::IssueList issues;
    GW_ASSIGN(const auto patient, fhir::json::ReadJson(stored->body, {}, issues));
    for (std::string& next : Replacements(&patient.root())) {
      if (!Lists(chain, next)) {
        chain.push_back(std::move(next));
      }
    }
  }
  return {};
}

/// Gives a Patient the link that it replaces `id`, or takes it away.
port::Change ReplacesChange(const std::string& patient, std::string_view id, bool gone, fhir::metadata::TypeId type) {
  port::Change change;
  change.verb = port::Verb::kMerge;
  change.existing_only = true;
  change.type = type;
  change.id = patient;
  change.joined.push_back({.element = "link", .extension_url = {}, .order = {}, .gone = gone});
  auto& document = change.resource.emplace(type);
  Node& link = document.Add(document.root(), "link");
  document.Add(document.Add(link, "other"), "reference", port::MakeReference("Patient", id));
  document.Add(link, "type", "replaces");
  return change;
}

}  // namespace

fhir::Result<void> MergedPatients::OnApplied(const port::Applied& applied, port::UnitOfWork& work) {
  const auto before = Replacements(applied.before);
  const auto after = Replacements(applied.after);
  if (before == after) {
    return {};
  }
  std::vector<port::Change> changes;
  for (const std::string& id : after) {
    if (!Lists(before, id)) {
      GW_TRY(CheckNoCircle(applied.id, id, applied.type, work));
      changes.push_back(ReplacesChange(id, applied.id, false, applied.type));
    }
  }
  for (const std::string& id : before) {
    if (!Lists(after, id)) {
      changes.push_back(ReplacesChange(id, applied.id, true, applied.type));
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
