#include "gateway/rest/search_parameters.hpp"

#include <utility>

#include "adapters/port/search_parameters.hpp"
#include "fhir/search/custom_parameters.hpp"

namespace gateway::rest {

fhir::Result<fhir::search::Query> ParseInForce(const Call& call, fhir::search::ParseOptions options,
                                               fhir::IssueList& issues, const ParseFunction& parse) {
  adapters::port::SearchParameterSource* const source = call.service.ports().operations.search_parameters;
  if (source == nullptr) {
    return parse(options, issues);
  }
  options.custom = source->Known();
  fhir::IssueList found(call.options().limits.issues_max);
  auto query = parse(options, found);
  const bool unknown = query ? !found.empty() : query.error().code == fhir::ErrorCode::kUnsupported;
  if (unknown || (query && fhir::search::UsesCustomParameters(*query))) {
    GW_ASSIGN(auto current, source->Current());
    if (current != options.custom) {
      options.custom = std::move(current);
      found = fhir::IssueList(call.options().limits.issues_max);
      query = parse(options, found);
    }
  }
  issues.AddAll(found);
  return query;
}

}  // namespace gateway::rest
