// Takes away loads of concepts that no current CodeSystem names any more, and uploads that were given up.
#pragma once

#include <cstdint>

#include "adapters/port/resource_views.hpp"
#include "gateway/store/concepts/concept_store.hpp"

namespace gateway::store::concepts {

struct SweepOfConcepts {
  std::int64_t unused_ms = 3'600'000;      ///< a question that is being answered may still use them
  std::int64_t left_over_ms = 86'400'000;  ///< an upload may take as long
};

/// One round; nodes may do it at once. The views are read as the system.
fhir::Result<void> SweepConcepts(ConceptStore& store, adapters::port::ResourceViews& views,
                                 const SweepOfConcepts& options = {});

}  // namespace gateway::store::concepts
