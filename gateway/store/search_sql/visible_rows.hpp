// The one place that decides which rows count: head rows for a first page, and for the pages after it the rows that
// were head rows in its snapshot. Everything that reads a versioned table inside a search asks here, so that chains,
// _has, includes, sort keys, policies and history see one state.
//
// Versions are never swept, so a walk by id does not look for those that closed since among all of history: it walks
// the heads, which are one per resource, and looks up the earlier version of those alone that changed.
#pragma once

#include <cstdint>
#include <string_view>

#include "gateway/store/search_sql/sql_text.hpp"

namespace gateway::store::search_sql {

/// " AND …" for an alias of an index table or of resource_version: the row counts. Of a version, `deleted` is still to
/// be looked at; this is for look-ups by id and walks by last_updated.
void AppendCounts(SqlText& sql, std::string_view alias);
/// " AND …" for an alias of resource_version: the version had been written.
void AppendVersionWritten(SqlText& sql, std::string_view alias);

/// How a statement walks resources: its WHERE is about `r`, what it shows is of StateAlias.
enum class Walk : std::uint8_t {
  kByResource,     ///< in the order of ids, or from ids that an index yields
  kByLastUpdated,  ///< in the order of last_updated
};
/// The alias that has version, last_updated, deleted and body.
std::string_view StateAlias(const SqlText& sql, Walk walk);
/// " FROM resource_version r", with the state of the snapshot beside it where that is asked for.
void AppendResources(SqlText& sql, Walk walk);
/// " AND …": the resource is there.
void AppendResourcesCount(SqlText& sql, Walk walk);

}  // namespace gateway::store::search_sql
