#include "gateway/store/contained_hit.hpp"

#include <string>

#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/search/contained.hpp"

namespace gateway::store {

fhir::Result<bool> ShowContained(adapters::port::SearchHit& hit, const fhir::Limits& limits) {
  const std::string name = hit.resource.id;
  const auto parts = fhir::search::SplitContainedName(name);
  fhir::IssueList ignored(1);
  const auto document = fhir::json::ReadJson(hit.resource.body, limits, ignored);
  if (!parts || !document) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"A stored resource cannot be read."},
                      {"the container of a contained resource is not readable"});
  }
  const fhir::model::Node* const node = fhir::search::FindContained(document->root(), parts->id);
  if (node == nullptr) {
    return false;
  }
  hit.container = parts->container;
  hit.resource.type = node->type;
  hit.resource.id = parts->id;
  hit.resource.body = fhir::json::WriteJson(*node);
  return true;
}

}  // namespace gateway::store
