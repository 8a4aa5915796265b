// The check that every resource passes before it is stored: the validator, held to what the configuration asks for.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/port/resource_check.hpp"
#include "fhir/base/error.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/validation/validator.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway::app {

/// thread-safe once made.
class WriteCheck final : public adapters::port::ResourceCheck {
 public:
  /// The validator is borrowed. Errors: kConfiguration when a profile of the settings is not loaded, is no profile of
  /// its type, or its type none of R4.
  static fhir::Result<WriteCheck> Create(const fhir::validation::Validator& validator,
                                         const settings::Validation& settings, const fhir::Limits& limits);

  void Check(const fhir::model::Node& resource, std::string_view now, fhir::IssueList& issues) const override;

 private:
  WriteCheck(const fhir::validation::Validator& validator, const settings::Validation& settings,
             const fhir::Limits& limits);

  const fhir::validation::Validator* validator_;
  fhir::validation::ValidatorOptions options_;
  std::map<fhir::metadata::TypeId, std::vector<std::string>> profiles_;  // that a type must keep
};

}  // namespace gateway::app
