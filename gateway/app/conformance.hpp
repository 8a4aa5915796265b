// The conformance resources a running gateway works with: those of R4, and the packages of the configuration over them.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/search/custom_parameters.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/validator.hpp"
#include "gateway/app/validation/write_check.hpp"
#include "gateway/rest/service.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway::app {

/// One set, shared by writes and $validate. Members are made from top to bottom. thread-safe once made.
struct Conformance {
  std::unique_ptr<const fhir::packages::Registry> registry;
  std::unique_ptr<const fhir::terminology::Terminology> terminology;
  std::unique_ptr<const fhir::validation::Validator> validator;
  std::unique_ptr<const WriteCheck> write_check;
  std::vector<std::string> guides;            ///< canonicals of the ImplementationGuides in the packages
  std::vector<rest::ProfileOfType> profiles;  ///< of resources, in the packages
  std::vector<fhir::search::ParameterDefinition> search_parameters;  ///< in the packages, active and fit to be indexed
  std::vector<std::string> warnings;                                 ///< what the packages lack, for the log
};

/// Cost:   without packages, below a millisecond; each package is read and its profiles looked at.
/// Errors: kConfiguration with path and reason: a package that is missing or broken, a file in it that is no resource,
///         a profile of validation.profiles that is not there.
fhir::Result<Conformance> LoadConformance(const settings::Settings& settings);

}  // namespace gateway::app
