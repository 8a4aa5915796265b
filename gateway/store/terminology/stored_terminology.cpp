#include "gateway/store/terminology/stored_terminology.hpp"

#include <string>

#include "gateway/store/terminology/stored_view.hpp"

namespace gateway::store {

StoredTerminology::StoredTerminology(const fhir::terminology::Terminology& packages,
                                     adapters::port::ResourceStore& store, adapters::port::ResourceViews& views,
                                     const StoredTerminologyLimits& limits, adapters::port::ConceptLoads* loads)
    : shared_(std::make_unique<Shared>(packages, store, views, limits, loads)) {}

StoredTerminology::~StoredTerminology() = default;

fhir::Result<void> StoredTerminology::With(const adapters::port::Actor& actor,
                                           const adapters::port::GivenTerminology& given, const Ask& ask) {
  StoredView view(*shared_, actor);
  GW_ASSIGN(const std::string canonical, view.Take(given));
  fhir::Result<void> answer = ask(view, canonical);
  if (view.failure()) {
    return std::unexpected(*view.failure());
  }
  if (view.pages_failed()) {
    return fhir::Fail(fhir::ErrorCode::kUnavailable, {"the concepts of a code system cannot be read at the moment"}, {},
                      fhir::Retry::kLater);
  }
  return answer;
}

std::size_t StoredTerminology::bytes() const {
  return shared_->code_systems.bytes() + shared_->value_sets.bytes() + shared_->concept_maps.bytes() +
         (shared_->shelf != nullptr ? shared_->shelf->cache.bytes() : 0);
}

}  // namespace gateway::store
