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
};

/// True when no criterion needs another resource: no chain and no _has.
bool CanMatchAlone(std::span<const Criterion> criteria);

/// Whether all criteria hold. Chains and _has never hold here: ask CanMatchAlone first.
/// Cost: values × rows; no allocation except for folding strings.
bool Matches(std::span<const Criterion> criteria, const IndexValues& values, const MatchSubject& subject);

}  // namespace fhir::search
