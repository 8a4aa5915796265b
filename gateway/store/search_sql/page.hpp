// Whole statements: a page of a search, its count, what it includes.
//
// Without _sort, resources come in the order of their ids, which are time-ordered: oldest first. With _sort, resources
// without a value come last in both directions, and the id breaks ties, so that a page continues strictly after the
// last row of the page before it, or ends strictly before the first row of the page after it.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "adapters/port/actor.hpp"
#include "fhir/base/error.hpp"
#include "fhir/search/query.hpp"
#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/patient_links.hpp"
#include "gateway/store/search_sql/position.hpp"
#include "gateway/store/search_sql/sql_text.hpp"

namespace gateway::store::search_sql {

struct SearchStatement {
  std::string text;
  std::vector<SqlValue> values;
  /// Which of its indexes is best depends on the values: planned for them at each execution.
  bool plan_by_values = false;
};

/// Where a page stands. As a whole unset: the first page, of the current state.
struct PagePlace {
  const Snapshot* as_of = nullptr;  ///< the state to ask; null: the current one, which the rows then name
  const Position* position = nullptr;
  Direction direction = Direction::kAfter;  ///< kBefore: the rows come in reverse order
};

/// Columns of CompilePage's rows; then one text column per sort key. kPageSnapshot: pg_current_snapshot() as text, NULL
/// on pages of a snapshot. kPageLinked: whether the patients that CompilePage was given were merged with others.
enum PageColumn : int {
  kPageType,
  kPageId,
  kPageVersion,
  kPageLastUpdated,
  kPageBody,
  kPageSnapshot,
  kPageLinked,
  kPageFirstKey,
};

/// At most `rows_max` resources. Errors: kUnsupported, kTooCostly; kMalformed for a position of another query.
fhir::Result<SearchStatement> CompilePage(const fhir::search::Query& query, const adapters::port::Grants& grants,
                                          int rows_max, const PagePlace& place = {},
                                          const NamedPatients* patients = nullptr);

/// What the cursors of the query's pages are bound to. Cost: that of compiling a page.
fhir::Result<std::string> PageFingerprint(const fhir::search::Query& query, const adapters::port::Grants& grants);

/// One row, one column: the number of matches, counted up to `matches_max` + 1.
fhir::Result<SearchStatement> CompileCount(const fhir::search::Query& query, const adapters::port::Grants& grants,
                                           std::int64_t matches_max, const Snapshot* as_of = nullptr);

/// EXPLAIN of all matches: the first row tells how many the planner expects.
fhir::Result<SearchStatement> CompileEstimate(const fhir::search::Query& query, const adapters::port::Grants& grants,
                                              const Snapshot* as_of = nullptr);

/// Ids alone, at most `rows_max`: conditional verbs and references.
fhir::Result<SearchStatement> CompileIds(const fhir::search::Query& query, const adapters::port::Grants& grants,
                                         int rows_max);

/// Columns of CompileInclude's rows.
enum IncludeColumn : int { kIncludeType, kIncludeId, kIncludeVersion, kIncludeLastUpdated, kIncludeBody };

/// Resources that `include` adds for resources of `type` with these ids; for contained ones, with these names.
fhir::Result<SearchStatement> CompileInclude(const fhir::search::Include& include, fhir::metadata::TypeId type,
                                             std::vector<std::string> ids, const adapters::port::Grants& grants,
                                             std::int64_t rows_max, const Snapshot* as_of = nullptr,
                                             Rows sources = Rows::kOwn);

}  // namespace gateway::store::search_sql
