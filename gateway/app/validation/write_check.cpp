#include "gateway/app/validation/write_check.hpp"

#include <fmt/format.h>

#include "fhir/packages/registry.hpp"

namespace gateway::app {
namespace {

using fhir::Severity;
using fhir::validation::Checking;

Severity SeverityOfSetting(std::string_view text) {
  return text == "error" ? Severity::kError : text == "warning" ? Severity::kWarning : Severity::kInformation;
}

fhir::validation::ValidatorOptions OptionsOf(const settings::Validation& settings, const fhir::Limits& limits) {
  fhir::validation::ValidatorOptions options;
  options.invariants = settings.invariants ? Checking::kOn : Checking::kOff;
  options.declared_profiles = settings.declared_profiles == "enforce" ? Checking::kOn : Checking::kOff;
  options.unknown_profile = SeverityOfSetting(settings.unknown_profile);
  options.extensions = settings.unknown_extension == "ignore" ? Checking::kOff : Checking::kOn;
  options.unknown_extension = SeverityOfSetting(settings.unknown_extension);
  options.families = settings.type_rules ? Checking::kOn : Checking::kOff;
  // What is recommended, and what a code merely implies, is for $validate to say.
  options.best_practices = Checking::kOff;
  options.implied_profiles = Checking::kOff;
  options.wrong_display = Severity::kWarning;
  options.max_value_set = Severity::kWarning;  // only required bindings keep a resource out
  options.limits = limits;
  return options;
}

}  // namespace

WriteCheck::WriteCheck(const fhir::validation::Validator& validator, const settings::Validation& settings,
                       const fhir::Limits& limits)
    : validator_(&validator), options_(OptionsOf(settings, limits)) {}

fhir::Result<WriteCheck> WriteCheck::Create(const fhir::validation::Validator& validator,
                                            const settings::Validation& settings, const fhir::Limits& limits) {
  WriteCheck check(validator, settings, limits);
  const auto& definitions = fhir::metadata::Definitions::R4();
  for (const auto& [type_name, canonical] : settings.profiles) {
    const auto fail = [&](std::string_view why) {
      return fhir::Fail(fhir::ErrorCode::kConfiguration, fmt::format("validation.profiles: {} {}", type_name, why));
    };
    const fhir::metadata::TypeId type = definitions.FindType(type_name);
    if (!definitions.IsResource(type)) {
      return fail("is no resource type of FHIR R4");
    }
    const fhir::model::Node* profile = validator.registry().Find("StructureDefinition", canonical);
    if (profile == nullptr) {
      return fail(fmt::format("names {}, which is in none of the packages", canonical));
    }
    if (profile->ChildValue("type") != type_name) {
      return fail(fmt::format("names {}, which is a profile of another type", canonical));
    }
    check.profiles_[type].push_back(canonical);
  }
  return check;
}

void WriteCheck::Check(const fhir::model::Node& resource, std::string_view now, fhir::IssueList& issues) const {
  fhir::validation::ValidatorOptions options = options_;
  options.now = now;
  if (const auto found = profiles_.find(resource.type); found != profiles_.end()) {
    options.profiles = found->second;
  }
  validator_->Validate(resource, options, issues);
}

}  // namespace gateway::app
