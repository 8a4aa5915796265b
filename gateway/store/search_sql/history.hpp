// The statements of _history.
#pragma once

#include "adapters/port/actor.hpp"
#include "adapters/port/resource_store.hpp"
#include "fhir/base/error.hpp"
#include "gateway/store/search_sql/page.hpp"

namespace gateway::store::search_sql {

/// Columns of CompileHistory's rows.
enum HistoryColumn : int {
  kHistoryType,
  kHistoryId,
  kHistoryVersion,
  kHistoryLastUpdated,
  kHistoryDeleted,
  kHistoryBody,
  kHistorySnapshot,  ///< as kPageSnapshot
};

/// Versions newest first, ties by type, id and version; those of resources whose current state the actor may read. The
/// whole system is walked type by type, so that one index serves every level.
/// Errors: kMalformed for a position of another query; those of the compiler.
fhir::Result<SearchStatement> CompileHistory(const adapters::port::HistoryQuery& query,
                                             const adapters::port::Grants& grants, int rows_max,
                                             const PagePlace& place = {});

/// What the cursors of the history's pages are bound to.
fhir::Result<std::string> HistoryFingerprint(const adapters::port::HistoryQuery& query,
                                             const adapters::port::Grants& grants);

/// One row, one column: the number of versions, counted up to `versions_max` + 1.
fhir::Result<SearchStatement> CompileHistoryCount(const adapters::port::HistoryQuery& query,
                                                  const adapters::port::Grants& grants, std::int64_t versions_max);

/// The place of a row of CompileHistory.
Position HistoryPosition(std::int64_t last_updated_us, fhir::metadata::TypeId type, std::string_view id,
                         std::int64_t version);

}  // namespace gateway::store::search_sql
