#include "gateway/store/terminology/stored_pages.hpp"

#include <utility>

#include <fmt/format.h>

namespace gateway::store {

std::shared_ptr<const fhir::terminology::ConceptPage> StoredPages::Page(std::uint32_t number,
                                                                        std::uint32_t concepts) const {
  const std::string name = fmt::format("{}/{}", load_, number);
  if (auto kept = shelf_->cache.Find(name)) {
    return kept;
  }
  const std::uint32_t first = number * fhir::terminology::kPageConcepts;
  const auto bytes = shelf_->loads.ReadPage(load_, number);
  if (bytes) {
    auto page = fhir::terminology::ReadPage(*bytes, first);
    if (page && (*page)->concepts.size() == concepts) {
      return shelf_->cache.Keep(name, *std::move(page));
    }
  }
  shelf_->failures.fetch_add(1);
  return fhir::terminology::BlankPage(first, concepts);
}

}  // namespace gateway::store
