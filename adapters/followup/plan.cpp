#include "adapters/followup/plan.hpp"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <utility>

#include <fmt/format.h>

#include "fhir/json/reader.hpp"

namespace adapters::followup {
namespace {

constexpr int kDueDaysMax = 3650;
constexpr std::size_t kActionsMax = 100;

std::unexpected<fhir::Error> Refuse(const std::string& path, std::string expression, std::string rule) {
  fhir::Error error;
  error.code = fhir::ErrorCode::kConfiguration;
  error.public_text.text = fmt::format("{}: {}: {}", path, expression, rule);
  error.expression = std::move(expression);
  return std::unexpected(std::move(error));
}

/// Days of a UCUM duration in d or wk; -1 for anything else.
int DurationDays(const fhir::model::Node& duration) {
  const std::string_view value = duration.ChildValue("value");
  const std::string_view code = duration.ChildValue("code");
  const bool whole =
      !value.empty() && value.size() <= 4 && value.find_first_not_of("0123456789") == std::string_view::npos;
  if (!whole || (code != "d" && code != "wk")) {
    return -1;
  }
  const int days = std::stoi(std::string(value)) * (code == "wk" ? 7 : 1);
  return days <= kDueDaysMax ? days : -1;
}

void ReadPrice(const fhir::model::Node& action, PlanAction& out) {
  for (const fhir::model::Node& child : action.children()) {
    if (child.name == "extension" &&
        child.ChildValue("url") == "https://passerelle.example/fhir/StructureDefinition/follow-up-price") {
      out.price = child.FindValue("valueMoney.value");
      out.currency = child.FindValue("valueMoney.currency");
    }
  }
}

std::string VenueOf(const fhir::model::Node& plan) {
  for (const fhir::model::Node& child : plan.children()) {
    if (child.name == "useContext" && child.FindValue("code.code") == "venue") {
      return std::string(child.FindValue("valueCodeableConcept.coding.code"));
    }
  }
  return {};
}

}  // namespace

fhir::Result<Plan> Plan::Load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) {
    return Refuse(path, "PlanDefinition", "the file cannot be read");
  }
  std::stringstream text;
  text << file.rdbuf();
  fhir::IssueList issues;
  auto document = fhir::json::ReadJson(text.str(), {}, issues);
  if (!document) {
    return Refuse(path, "PlanDefinition", document.error().public_text.text);
  }
  if (issues.HasErrors()) {
    return Refuse(path, issues.issues().front().expression, issues.issues().front().text);
  }
  const fhir::model::Node& root = document->root();
  if (document->type_name() != "PlanDefinition") {
    return Refuse(path, "resourceType", "a PlanDefinition is expected");
  }
  Plan plan;
  plan.url = root.ChildValue("url");
  if (plan.url.empty()) {
    return Refuse(path, "PlanDefinition.url", "the plan needs a canonical url");
  }
  if (const std::string_view version = root.ChildValue("version"); !version.empty()) {
    plan.url += '|';
    plan.url += version;
  }
  plan.title = root.ChildValue("title");
  plan.encounter_class = VenueOf(root);
  for (const fhir::model::Node& child : root.children()) {
    if (child.name != "action") {
      continue;
    }
    const std::string place = fmt::format("PlanDefinition.action[{}]", plan.actions.size());
    PlanAction action;
    action.id = child.ChildValue("id");
    action.title = child.ChildValue("title");
    action.description = child.ChildValue("description");
    action.code_system = child.FindValue("code.coding.system");
    action.code = child.FindValue("code.coding.code");
    if (action.id.empty() || action.code.empty()) {
      return Refuse(path, place, "an action needs an id and a code");
    }
    const bool twice =
        std::any_of(plan.actions.begin(), plan.actions.end(), [&](const PlanAction& a) { return a.id == action.id; });
    if (twice || plan.actions.size() == kActionsMax) {
      return Refuse(path, place,
                    twice ? "the action's id is used twice" : fmt::format("at most {} actions", kActionsMax));
    }
    const fhir::model::Node* timing = child.Child("timingDuration");
    action.due_days = timing == nullptr ? -1 : DurationDays(*timing);
    if (action.due_days < 0) {
      return Refuse(path, place + ".timing",
                    fmt::format("a timingDuration of whole d or wk up to {} days is expected", kDueDaysMax));
    }
    ReadPrice(child, action);
    plan.actions.push_back(std::move(action));
  }
  if (plan.actions.empty()) {
    return Refuse(path, "PlanDefinition.action", "a plan needs at least one action");
  }
  return plan;
}

fhir::Result<std::vector<Plan>> Plan::LoadFolder(const std::string& folder) {
  std::error_code failure;
  std::vector<std::string> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder, failure)) {
    if (entry.path().extension() == ".json") {
      paths.push_back(entry.path().string());
    }
  }
  if (failure) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("{}: the folder cannot be read", folder));
  }
  std::sort(paths.begin(), paths.end());
  std::vector<Plan> plans;
  for (const std::string& path : paths) {
    GW_ASSIGN(Plan plan, Load(path));
    plans.push_back(std::move(plan));
  }
  return plans;
}

}  // namespace adapters::followup
