// The packages that --package names.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/packages/registry.hpp"

namespace gateway::app {

struct Packages {
  std::unique_ptr<const fhir::packages::Registry> registry;
  bool whole = true;  ///< whether all that was given could be read
};

/// Loads packages over the built-in definitions, in order. What is missing or broken inside one is said on standard
/// error, and the rest is used. Errors: of RegistryBuilder::LoadPath, for one that cannot be taken at all.
fhir::Result<Packages> LoadPackages(const std::vector<std::string>& paths);

}  // namespace gateway::app
