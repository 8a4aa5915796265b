// Whether a resource meets criteria, by its index values alone: what the SQL says, without a database. For reactions,
// for subscriptions, and as the oracle of the SQL's tests.
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "fhir/search/index_values.hpp"
#include "fhir/search/query.hpp"

namespace fhir::search {

/// What the store keeps beside the index values.
struct MatchSubject {
  std::string id;
  std::int64_t last_updated_us = 0;
  metadata::TypeId type = metadata::kNoType;  ///< for compartments
};

/// True when no criterion needs more than the values: no chain, no _has, no full-text search, also not within a group.
bool CanMatchAlone(std::span<const Criterion> criteria);

/// Whether all criteria hold. What CanMatchAlone excludes never holds here: ask it first.
/// Cost: values × rows; no allocation except for folding strings.
bool Matches(std::span<const Criterion> criteria, const IndexValues& values, const MatchSubject& subject);

}  // namespace fhir::search
