#include "gateway/store/terminology/stored_terminology.hpp"

#include <string>

#include "gateway/store/terminology/stored_view.hpp"

namespace gateway::store {

StoredTerminology::StoredTerminology(const fhir::terminology::Terminology& packages,
                                     adapters::port::ResourceStore& store, adapters::port::ResourceViews& views,
                                     const StoredTerminologyLimits& limits)
    : shared_(std::make_unique<Shared>(packages, store, views, limits)) {}

StoredTerminology::~StoredTerminology() = default;

fhir::Result<void> StoredTerminology::With(const adapters::port::Actor& actor,
                                           const adapters::port::GivenTerminology& given, const Ask& ask) {
  StoredView view(*shared_, actor);
  GW_ASSIGN(const std::string canonical, view.Take(given));
  fhir::Result<void> answer = ask(view, canonical);
  if (view.failure()) {
    return std::unexpected(*view.failure());
  }
  return answer;
}

std::size_t StoredTerminology::bytes() const {
  return shared_->code_systems.bytes() + shared_->value_sets.bytes() + shared_->concept_maps.bytes();
}

}  // namespace gateway::store
