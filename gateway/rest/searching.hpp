// What the searches of one type, of the system and of a compartment have in common.
#pragma once

#include <optional>
#include <span>

#include "fhir/search/query.hpp"
#include "gateway/rest/call.hpp"

namespace gateway::rest {

/// Reads the parameters of the call, searches and answers with a searchset. `types` are those of a search over several,
/// empty for one within the type of the call; `besides` is what the path asks for besides the parameters.
fhir::Result<http::Response> RunSearch(Call& call, std::span<const fhir::metadata::TypeId> types,
                                       std::optional<fhir::search::Criterion> besides);

}  // namespace gateway::rest
