// What comes into force when a node starts: the search parameters of its packages, and SearchParameter resources that
// were stored before there was an index for them.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "fhir/base/error.hpp"
#include "fhir/search/custom_parameters.hpp"
#include "gateway/store/pg/pool.hpp"
#include "gateway/store/search_parameters/registry.hpp"

namespace gateway::store::search_parameters {

struct StartReport {
  int taken = 0;                         ///< came into force, or changed
  std::vector<std::string> passed_over;  ///< why others did not, for the log
};

/// Puts in force what is not yet. A SearchParameter resource stands before a package's of the same url; a name that is
/// taken passes a definition over. A parameter that no package of this node has stays: another node may have it, and
/// whoever stores a SearchParameter of its url and deletes it ends it.
/// Cost: when all are in force, a look, and a read of the SearchParameter resources. Errors: those of statements.
fhir::Result<StartReport> TakeParameters(pg::Pool& pool, Registry& registry,
                                         std::span<const fhir::search::ParameterDefinition> of_packages);

}  // namespace gateway::store::search_parameters
