// A page read along the values that it is sorted by, where an index has them in order: the newest observations of all
// cost a page, not all observations. Resources without a value come last, so they are looked for only when those with
// one do not fill the page.
#pragma once

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "gateway/store/search_sql/matches.hpp"
#include "gateway/store/search_sql/page.hpp"
#include "gateway/store/search_sql/sort.hpp"

namespace gateway::store::search_sql {

/// Whether the order has one key with such an index, and no criterion whose matches are few, to be sorted. Criteria
/// with an index are joined, so that the server may begin with one that it expects few rows of.
bool WalksKeys(const fhir::search::Query& query, const std::optional<Lead>& lead);

/// "WITH f AS …" and then "SELECT id, k1 …": at most `rows_max` ids beside their keys, in no order. Two appendices,
/// since what a page shows stands between them; `order` is of one key.
class KeyWalk {
 public:
  /// All borrowed.
  KeyWalk(SqlText& sql, const fhir::search::Query& query, const adapters::port::Grants& grants,
          const std::optional<Lead>& lead, const SortKey& key, const PagePlace& place, std::int64_t rows_max)
      : sql_(sql), query_(query), grants_(grants), lead_(lead), key_(key), place_(place), rows_max_(rows_max) {}

  fhir::Result<void> AppendFirstPart();
  fhir::Result<void> AppendRows();

 private:
  enum class Part : std::uint8_t { kWithValue, kWithout };
  bool after() const { return place_.direction == Direction::kAfter; }
  Part First() const;
  fhir::Result<void> AppendPart(Part part);
  fhir::Result<void> AppendWithValue();
  fhir::Result<void> AppendWithout();

  SqlText& sql_;
  const fhir::search::Query& query_;
  const adapters::port::Grants& grants_;
  const std::optional<Lead>& lead_;
  const SortKey& key_;
  const PagePlace& place_;
  std::int64_t rows_max_;
};

}  // namespace gateway::store::search_sql
