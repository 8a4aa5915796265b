// Statements behind adapters/port/resource_views.hpp: heads that meet a query, several resources by key, the latest of
// each group, what labels are in use. Compartments stand in compartment.hpp.
#pragma once

#include <cstdint>
#include <span>

#include "adapters/port/resource_views.hpp"
#include "gateway/store/search_sql/page.hpp"

namespace gateway::store::search_sql {

/// Columns of CompileHeads' rows.
enum HeadColumn : int { kHeadType, kHeadId, kHeadVersion, kHeadLastUpdated };

/// Current resources that meet one of the queries and that the actor may search and read, without their bodies.
fhir::Result<SearchStatement> CompileHeads(std::span<const fhir::search::Query> queries,
                                           const adapters::port::Grants& grants, std::int64_t rows_max);

/// Columns as IncludeColumn. Current resources by key, in the order of the keys.
fhir::Result<SearchStatement> CompileReadMany(std::span<const adapters::port::ResourceKey> keys,
                                              const adapters::port::Grants& grants);

/// Columns of CompileGroups' rows: a row per match; the values are "system|code", and the words of a concept or coding
/// after kGroupTextMark.
enum GroupColumn : int { kGroupId, kGroupValues };
inline constexpr char kGroupTextMark = '\t';  // no system begins with it

/// The matches of a query, newest first, each with the values that put it into groups.
fhir::Result<SearchStatement> CompileGroups(const adapters::port::LatestQuery& query,
                                            const adapters::port::Grants& grants, std::int64_t rows_max);

/// What a row of CompileMetaInUse tells.
enum class MetaKind : std::uint8_t { kProfile, kTag, kSecurity };
/// Columns of CompileMetaInUse's rows; a profile stands in the column of the code.
enum MetaColumn : int { kMetaKind, kMetaSystem, kMetaCode };

/// Each label once, at most `rows_max` of them.
fhir::Result<SearchStatement> CompileMetaInUse(fhir::metadata::TypeId type, const adapters::port::Grants& grants,
                                               std::int64_t rows_max);

}  // namespace gateway::store::search_sql
