// References inside a resource: finding them all, and pointing them at what a transaction's entries became.
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/model/document.hpp"

namespace fhir::bundle {

/// What a link should become, e.g. "Patient/123" for "urn:uuid:…"; nullopt leaves it as it is.
using LinkLookup = std::function<std::optional<std::string>(std::string_view link)>;

/// Replaces links in a whole resource tree, contained resources and extensions included: every Reference.reference is
/// looked up; uri, url, canonical, oid and uuid values, and href and src in narratives, only when they start with
/// "urn:". Returns how many were replaced.
/// Source: https://hl7.org/fhir/R4/http.html#trules
std::size_t RewriteReferences(model::Document& document, model::Node& resource, const LinkLookup& lookup);

/// A Reference in a resource. Views live as long as the tree.
struct ReferenceUse {
  std::string_view reference;         ///< text of Reference.reference
  const model::Node* node = nullptr;  ///< the Reference element; its row names the allowed targets
};

/// Every Reference with a `reference`, in document order, but "#…" to contained resources.
std::vector<ReferenceUse> CollectReferences(const model::Node& resource);

}  // namespace fhir::bundle
