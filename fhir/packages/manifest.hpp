// package/package.json of a FHIR package.
// Source: https://hl7.org/fhir/packages.html
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"

namespace fhir::packages {

struct Manifest {
  struct Dependency {
    std::string name;
    std::string version;
  };
  std::string name;
  std::string version;
  std::vector<Dependency> dependencies;
};

/// Errors: kMalformed for what is not JSON; kInvalid without a name; kUnsupported when fhirVersions names no 4.0.
Result<Manifest> ReadManifest(std::string_view json);

}  // namespace fhir::packages
