// The ids of what a query finds, before a body is read: walked along one criterion's rows in an index, which asks the
// other criteria of each, where one of them has such rows. Index rows exist for live resources alone, but what a _has
// comes to is looked up.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/position.hpp"
#include "gateway/store/search_sql/sql_text.hpp"

namespace gateway::store::search_sql {

/// The criterion that a walk goes along.
struct Lead {
  std::size_t criterion = 0;  ///< of the query
  /// Its values are walked one by one and merged: several values, and no other criterion that could be fewer rows.
  bool value_by_value = false;
  /// It names what a patient's record alone refers to: few matches, however much is stored.
  bool few = false;
  /// Nothing is left to the server's choice: the plan for any values is the plan for all.
  bool settled = false;
};

/// Unset when no criterion has an index of its own, and for searches over several types: resources are walked.
std::optional<Lead> LeadOf(const fhir::search::Query& query, const adapters::port::Grants& grants);

/// A page of a walk in the order of ids.
struct IdWindow {
  const std::string* from = nullptr;  ///< the page begins beyond this id; null: at the end
  Direction direction = Direction::kAfter;
  std::int64_t rows_max = 0;
};

/// "SELECT DISTINCT m.id FROM …" of what matches and the actor may find and read. `window` null: all of them, in no
/// order.
fhir::Result<void> AppendMatchingIds(SqlText& sql, const fhir::search::Query& query,
                                     const adapters::port::Grants& grants, const Lead& lead, const IdWindow* window);

/// Appends " AND (…)": the actor may find the resource, and read it.
fhir::Result<void> AppendMayFind(Compiler& compiler, const Scope& scope, const adapters::port::Grants& grants);

}  // namespace gateway::store::search_sql
