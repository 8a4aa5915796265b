// ValueSet resource → compiled set.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "fhir/model/document.hpp"
#include "fhir/terminology/code_system.hpp"
#include "fhir/terminology/value_set.hpp"

namespace fhir::terminology {

/// Where the compiler gets what a value set refers to. Both give nullptr for what is not there.
class Sources {
 public:
  virtual ~Sources() = default;
  virtual std::shared_ptr<const CodeSystem> FindCodeSystem(std::string_view canonical) = 0;
  virtual std::shared_ptr<const ValueSet> FindValueSet(std::string_view canonical) = 0;
};

/// Includes and excludes that one value set may have, since every question may look at all of them; more is a gap
/// (kCost), or the published expansion where there is one.
inline constexpr std::size_t kPartsMax = 1'000;
/// Codes that one value set may list; more is refused as a gap (kCost).
inline constexpr std::size_t kListedCodesMax = 1'000'000;

/// Compiles a value set. What it needs and cannot get becomes a gap of that part; the published expansion then serves
/// in its stead, where there is one.
/// Cost: O(codes listed) and O(concepts) for each filter.
std::shared_ptr<const ValueSet> CompileValueSet(const model::Node& resource, Sources& sources);

}  // namespace fhir::terminology
