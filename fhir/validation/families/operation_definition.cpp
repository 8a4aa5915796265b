#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/packages/registry.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using model::Node;

constexpr std::string_view kParameter = "Parameters.parameter";
constexpr std::string_view kAllowedType = "http://hl7.org/fhir/StructureDefinition/operationdefinition-allowed-type";

/// What a profile of Parameters says of one parameter.
struct ProfiledParameter {
  std::string_view name;
  std::string_view min;
  std::string_view max;
  std::vector<std::string_view> types;
  std::vector<std::string_view> targets;
  bool holds_value = true;  ///< or a resource, so that its types are known
};

std::vector<std::string_view> ValuesCalled(const Node& node, std::string_view name) {
  std::vector<std::string_view> values;
  for (const Node& child : node.children()) {
    if (child.name == name && child.HasValue()) {
      values.push_back(child.value);
    }
  }
  return values;
}

std::string_view FixedOf(const Node& element) {
  for (const Node& child : element.children()) {
    if (child.name.starts_with("fixed") || child.name.starts_with("pattern")) {
      return child.value;
    }
  }
  return {};
}

/// The slices of Parameters.parameter, by the snapshot or, without one, by what the profile changes.
std::vector<ProfiledParameter> ParametersOf(const Node& profile) {
  std::vector<ProfiledParameter> parameters;
  const Node* list = profile.Child("snapshot") != nullptr ? profile.Child("snapshot") : profile.Child("differential");
  bool in_slice = false;
  for (const Node& element : list == nullptr ? profile.children() : list->children()) {
    if (element.name != "element") {
      continue;
    }
    const std::string_view path = element.ChildValue("path");
    if (path == kParameter) {
      in_slice = element.Child("sliceName") != nullptr;
      if (in_slice) {
        parameters.emplace_back();
        parameters.back().min = element.ChildValue("min");
        parameters.back().max = element.ChildValue("max");
      }
      continue;
    }
    if (!in_slice || !path.starts_with(kParameter)) {
      continue;
    }
    ProfiledParameter& parameter = parameters.back();
    const std::string_view part = path.substr(kParameter.size());
    if (part == ".name") {
      parameter.name = FixedOf(element);
    } else if ((part == ".value[x]" || part == ".resource") && element.ChildValue("max") != "0") {
      for (const Node& type : element.children()) {
        if (type.name == "type") {
          parameter.types.push_back(type.ChildValue("code"));
          const auto targets = ValuesCalled(type, "targetProfile");
          parameter.targets.insert(parameter.targets.end(), targets.begin(), targets.end());
        }
      }
    } else if (part == ".part" && element.ChildValue("min") != "0" && !element.ChildValue("min").empty()) {
      parameter.holds_value = false;
    }
  }
  return parameters;
}

bool Contains(const std::vector<std::string_view>& list, std::string_view text) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

std::vector<std::string_view> AllowedTypes(const Node& parameter) {
  std::vector<std::string_view> types;
  for (const Node& child : parameter.children()) {
    if (child.name == "extension" && child.ChildValue("url") == kAllowedType) {
      for (const Node& value : child.children()) {
        if (value.name.starts_with("value")) {
          types.push_back(value.value);
        }
      }
    }
  }
  if (types.empty() && parameter.Child("type") != nullptr) {
    types.push_back(parameter.ChildValue("type"));
  }
  return types;
}

void Compare(const Node& parameter, const ProfiledParameter& profiled, IssueList& issues) {
  for (const auto& [name, wanted] : {std::pair("min", profiled.min), std::pair("max", profiled.max)}) {
    const std::string_view own = parameter.ChildValue(name);
    if (!own.empty() && !wanted.empty() && own != wanted) {
      Report(parameter, IssueType::kUnknown, fmt::format("{} {} is expected, as the profile has it", name, wanted),
             issues);
    }
  }
  const std::vector<std::string_view> types = AllowedTypes(parameter);
  if (profiled.holds_value && !profiled.types.empty() && !types.empty() &&
      !std::is_permutation(types.begin(), types.end(), profiled.types.begin(), profiled.types.end())) {
    Report(parameter, IssueType::kInvalid,
           fmt::format("the type {} is expected, as the profile has it", fmt::join(profiled.types, " or ")), issues);
  }
  const std::vector<std::string_view> targets = ValuesCalled(parameter, "targetProfile");
  const bool same = std::all_of(targets.begin(), targets.end(),
                                [&](std::string_view target) { return Contains(profiled.targets, target); }) &&
                    std::all_of(profiled.targets.begin(), profiled.targets.end(),
                                [&](std::string_view target) { return Contains(targets, target); });
  if (!same) {
    Report(parameter, IssueType::kInvalid, "the target profiles of the profile are expected", issues);
  }
}

void CheckSide(const Node& definition, std::string_view element, std::string_view use, const FamilyContext& context,
               IssueList& issues) {
  const Node* canonical = definition.Child(element);
  if (canonical == nullptr || !canonical->HasValue()) {
    return;
  }
  const Node* profile = context.registry.Find("StructureDefinition", canonical->value);
  if (profile == nullptr) {
    Report(*canonical, IssueType::kUnknown, "a profile that is loaded is expected", issues);
    return;
  }
  if (profile->ChildValue("type") != "Parameters") {
    Report(*canonical, IssueType::kInvalid, "a profile of Parameters is expected", issues);
    return;
  }
  const std::vector<ProfiledParameter> profiled = ParametersOf(*profile);
  for (const Node& parameter : definition.children()) {
    if (parameter.name != "parameter" || parameter.ChildValue("use") != use) {
      continue;
    }
    const auto found = std::find_if(profiled.begin(), profiled.end(), [&](const ProfiledParameter& each) {
      return each.name == parameter.ChildValue("name");
    });
    if (found != profiled.end()) {
      Compare(parameter, *found, issues);
    } else if (!profiled.empty()) {
      Report(parameter, IssueType::kUnknown, "a parameter that the profile has is expected", issues,
             Severity::kWarning);
    }
  }
}

}  // namespace

void CheckOperationDefinition(const Node& definition, const FamilyContext& context, IssueList& issues) {
  CheckSide(definition, "inputProfile", "in", context, issues);
  CheckSide(definition, "outputProfile", "out", context, issues);
}

}  // namespace fhir::validation
