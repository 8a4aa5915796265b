// Finds the resource behind a reference: contained, beside it in a Bundle, or known to the caller.
// Source: https://hl7.org/fhir/R4/bundle.html#references
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "fhir/model/document.hpp"

namespace fhir::validation {

enum class Origin : std::uint8_t { kNone, kContained, kBundled, kExternal };

struct Target {
  const model::Node* resource = nullptr;
  Origin origin = Origin::kNone;
};

/// One per validation: remembers the entries of the bundles it has met. thread-compatible.
class Resolver {
 public:
  using External = std::function<const model::Node*(std::string_view reference)>;
  /// `external` may be empty; it must outlive the resolver.
  explicit Resolver(const External& external);

  /// Where `reference`, as it stands in `from`, leads. Cost: a hash probe once a bundle has been indexed.
  Target Resolve(const model::Node& from, std::string_view reference);

 private:
  struct Index {
    std::unordered_map<std::string_view, const model::Node*> by_full_url;
    std::unordered_map<std::string, const model::Node*> by_type_and_id;
  };
  const Index& IndexOf(const model::Node& bundle);

  const External& external_;
  const metadata::TypeId bundle_;
  std::unordered_map<const model::Node*, Index> indexes_;
};

}  // namespace fhir::validation
