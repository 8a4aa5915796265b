// The other modes of /metadata. Source: https://hl7.org/fhir/R4/http.html#capabilities
#pragma once

#include <string>

#include "fhir/metadata/definitions.hpp"
#include "fhir/packages/registry.hpp"
#include "gateway/rest/service.hpp"

namespace gateway::rest {

/// mode=normative: the statement with the types whose definition says that they are normative.
/// Cost: reads the definition of every resource type once.
std::string MakeNormativeStatement(const fhir::metadata::Definitions& definitions, const RestOptions& options,
                                   const fhir::packages::Registry& registry);

/// mode=terminology: TerminologyCapabilities with every code system that is loaded.
std::string MakeTerminologyCapabilities(const fhir::metadata::Definitions& definitions, const RestOptions& options,
                                        const fhir::packages::Registry& registry);

}  // namespace gateway::rest
