// The TerminologySource over packages and the record.
//
// A compiled resource is kept under the version of the resource it was made from, so that nothing has to be told of a
// write, on this node or another: every question first asks, in one statement over the index of canonical URLs, which
// versions of what it needs are current and granted. A compiled value set is kept under its own version and those of
// all that it was made of.
#pragma once

#include <cstddef>
#include <memory>

#include "adapters/port/concept_loads.hpp"
#include "adapters/port/resource_store.hpp"
#include "adapters/port/resource_views.hpp"
#include "adapters/port/terminology_source.hpp"
#include "fhir/base/limits.hpp"
#include "fhir/terminology/terminology.hpp"

namespace gateway::store {

struct StoredTerminologyLimits {
  std::size_t cache_bytes_max = 128u * 1024 * 1024;  ///< compiled resources that stay, and pages of concepts
  std::size_t names_max = 100'000;                   ///< names of stored resources that are remembered
  std::size_t heads_max = 1'000;                     ///< stored resources that one question looks at
  std::size_t imports_depth_max = 16;                ///< value sets that import value sets
  fhir::Limits resource;                             ///< of reading a stored resource
};

/// thread-safe. All references are borrowed and must outlive it. Without `loads` a CodeSystem has the concepts that
/// stand in it.
class StoredTerminology final : public adapters::port::TerminologySource {
 public:
  StoredTerminology(const fhir::terminology::Terminology& packages, adapters::port::ResourceStore& store,
                    adapters::port::ResourceViews& views, const StoredTerminologyLimits& limits = {},
                    adapters::port::ConceptLoads* loads = nullptr);
  ~StoredTerminology() override;

  fhir::Result<void> With(const adapters::port::Actor& actor, const adapters::port::GivenTerminology& given,
                          const Ask& ask) override;

  /// Memory of what is kept, roughly.
  std::size_t bytes() const;

  struct Shared;

 private:
  std::unique_ptr<Shared> shared_;
};

}  // namespace gateway::store
