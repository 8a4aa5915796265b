// Pages of large code systems out of the store, some of them kept.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "adapters/port/concept_loads.hpp"
#include "fhir/terminology/cache.hpp"
#include "fhir/terminology/concept_page.hpp"

namespace gateway::store {

/// What the pages of all loads share. `failures` counts what could not be read: whoever sees it move does not rely on
/// what was found meanwhile.
struct PageShelf {
  PageShelf(adapters::port::ConceptLoads& from, std::size_t bytes_max) : loads(from), cache(bytes_max) {}
  adapters::port::ConceptLoads& loads;
  fhir::terminology::Cache<fhir::terminology::ConceptPage> cache;  // by "load/page"
  std::atomic<std::uint64_t> failures{0};
};

/// Of one load. thread-safe. The shelf is shared with the terminology that made this, and with other loads.
class StoredPages final : public fhir::terminology::ConceptPages {
 public:
  StoredPages(std::shared_ptr<PageShelf> shelf, std::string load) : shelf_(std::move(shelf)), load_(std::move(load)) {}
  std::shared_ptr<const fhir::terminology::ConceptPage> Page(std::uint32_t number,
                                                             std::uint32_t concepts) const override;

 private:
  const std::shared_ptr<PageShelf> shelf_;
  const std::string load_;
};

}  // namespace gateway::store
