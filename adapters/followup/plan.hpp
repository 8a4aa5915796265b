// Follow-up plans as data: PlanDefinition resources under config/plans, checked when loaded.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"

namespace adapters::followup {

/// One action of a plan: what becomes a Task.
struct PlanAction {
  std::string id;
  std::string title;
  std::string description;
  std::string code_system;
  std::string code;
  int due_days = 0;   ///< from the discharge
  std::string price;  ///< decimal text, "" when the plan says nothing of a price
  std::string currency;
};

/// A PlanDefinition reduced to what applying it needs. Source: https://hl7.org/fhir/R4/plandefinition.html
struct Plan {
  std::string url;  ///< canonical with version, "https://…|1.0.0"
  std::string title;
  std::string encounter_class;  ///< v3-ActCode the plan is for, from useContext venue; "" for any
  std::vector<PlanAction> actions;

  /// Reads one PlanDefinition. Errors: kConfiguration, naming the file and the element.
  static fhir::Result<Plan> Load(const std::string& path);
  /// All *.json of a folder, in name order. Errors: as Load; kConfiguration when the folder cannot be read.
  static fhir::Result<std::vector<Plan>> LoadFolder(const std::string& folder);
};

}  // namespace adapters::followup
