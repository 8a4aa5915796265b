// The entries of a Bundle by their fullUrl, and which of them a reference inside the Bundle means.
// Source: https://hl7.org/fhir/R4/bundle.html#references
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "fhir/model/document.hpp"

namespace fhir::validation {

struct BundleEntry {
  const model::Node* node = nullptr;
  const model::Node* resource = nullptr;  ///< null when the entry has none
  std::string_view full_url;
};

/// Views live as long as the bundle. thread-safe.
class BundleEntries {
 public:
  explicit BundleEntries(const model::Node& bundle);

  const std::vector<BundleEntry>& all() const { return entries_; }
  /// Positions of the entries that `reference`, as it stands in the resource of `from`, means: by fullUrl, a relative
  /// one below the base of from's fullUrl, a version by meta.versionId.
  std::vector<std::size_t> Resolve(const BundleEntry& from, std::string_view reference) const;
  /// Positions of the entries with that fullUrl.
  std::vector<std::size_t> Called(std::string_view full_url) const;
  /// Positions of the entries whose resource is "Type/id". Cost: O(entries).
  std::vector<std::size_t> OfTypeAndId(std::string_view type_and_id) const;

 private:
  std::vector<BundleEntry> entries_;
  std::unordered_multimap<std::string_view, std::size_t> by_url_;
};

/// A URL that ends in "Type/id", taken apart; `type` is empty for any other.
struct RestUrl {
  std::string_view base;  ///< with the slash at its end
  std::string_view type;
  std::string_view id;
};
RestUrl SplitRestUrl(std::string_view url);

bool IsBundle(const model::Node& node);

/// Every Reference.reference in a resource but those to contained ones, in document order. A Bundle inside the resource
/// is a world of its own.
void CollectReferenceNodes(const model::Node& resource, std::vector<const model::Node*>& references);

}  // namespace fhir::validation
