#include "fhir/packages/supplements.hpp"

#include <optional>
#include <utility>

namespace fhir::packages {

std::vector<model::Document> ReadSupplements(const Registry& registry, std::string_view code_system) {
  const Canonical wanted = SplitCanonical(code_system);
  std::vector<model::Document> supplements;
  registry.ForEach(kSupplementRow, [&](const ResourceName& row) {
    if (row.url != wanted.url) {
      return;
    }
    std::optional<model::Document> supplement = registry.Read("CodeSystem", row.version);
    if (!supplement) {
      return;
    }
    const Canonical named = SplitCanonical(supplement->root().ChildValue("supplements"));
    const bool other_version = !named.version.empty() && !wanted.version.empty() && named.version != wanted.version;
    if (named.url == wanted.url && !other_version) {
      supplements.push_back(*std::move(supplement));
    }
  });
  return supplements;
}

}  // namespace fhir::packages
