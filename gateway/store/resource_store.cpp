#include "gateway/store/resource_store.hpp"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include "gateway/store/contained_hit.hpp"
#include "gateway/store/page_walk.hpp"
#include "gateway/store/patient_links.hpp"
#include "gateway/store/pg/transaction.hpp"
#include "gateway/store/search_sql/bind.hpp"
#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/history.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/page.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store {
namespace {

using adapters::port::Actor;
using adapters::port::Grants;
using adapters::port::SearchHit;
using adapters::port::SearchPage;
using adapters::port::StoredResource;

// $1 type, $2 id
constexpr pg::Statement kReadHead{"read_head", R"sql(
SELECT version, last_updated, deleted, body FROM resource_version
 WHERE type = $1::smallint AND id = $2::text AND closed_tx IS NULL)sql"};

// $1 type, $2 id, $3 version
constexpr pg::Statement kReadVersion{"read_version", R"sql(
SELECT version, last_updated, deleted, body FROM resource_version
 WHERE id = $2::text AND type = $1::smallint AND version = $3::bigint)sql"};

const Grants& GrantsOf(const Actor& actor) {
  static const Grants kNothing;
  return actor.grants != nullptr ? *actor.grants : kNothing;
}

std::unexpected<fhir::Error> NoSuchResource() {
  return fhir::Fail(fhir::ErrorCode::kNotFound, "There is no such resource.");
}

fhir::Result<StoredResource> SoleVersion(const pg::Rows& rows, fhir::metadata::TypeId type, std::string_view id) {
  if (rows.empty()) {
    return NoSuchResource();
  }
  const pg::Row row = rows[0];
  if (row.Bool(2)) {
    return fhir::Fail(fhir::ErrorCode::kGone, "The resource has been deleted.");
  }
  StoredResource resource;
  resource.type = type;
  resource.id = std::string(id);
  resource.version = row.Int(0);
  resource.last_updated_us = row.Int(1);
  resource.body = row.String(3);
  return resource;
}

fhir::Result<pg::Rows> RunCompiled(pg::Connection& connection, std::string_view name,
                                   const search_sql::SearchStatement& statement) {
  return connection.ExecuteAdHoc(name, statement.text, search_sql::Bound(statement.values),
                                 statement.plan_by_values ? pg::Plan::kOnce : pg::Plan::kKept);
}

int PageSize(std::optional<int> asked, const StoreOptions& options) {
  return std::clamp(asked.value_or(options.page_size_default), 0, options.page_size_max);
}

/// "Nested Loop  (cost=0.29..8.31 rows=1 width=4)". Source: https://www.postgresql.org/docs/15/using-explain.html
fhir::Result<std::int64_t> RowsExpected(std::string_view plan) {
  constexpr std::string_view kRows = " rows=";
  const std::size_t cost = plan.find("(cost=");
  const std::size_t at = cost == std::string_view::npos ? cost : plan.find(kRows, cost);
  std::int64_t rows = 0;
  if (at == std::string_view::npos ||
      std::from_chars(plan.data() + at + kRows.size(), plan.data() + plan.size(), rows).ec != std::errc()) {
    return fhir::Fail(fhir::ErrorCode::kInternal, {"The total could not be estimated."},
                      {"EXPLAIN answered in another form than expected"});
  }
  return rows;
}

/// Nothing when there is nothing to follow.
fhir::Result<std::optional<fhir::search::Query>> Followed(pg::Connection& connection, const Grants& grants,
                                                          const fhir::search::Query& asked, bool follows,
                                                          const search_sql::Snapshot* as_of) {
  if (!follows) {
    return std::nullopt;
  }
  GW_ASSIGN(fhir::search::Query followed, FollowPatientLinks(connection, grants, asked, as_of));
  return followed;
}

using FoundKey = std::pair<fhir::metadata::TypeId, std::string>;
/// What includes are followed from, by type; contained resources by their names.
using Frontier = std::map<std::pair<fhir::metadata::TypeId, search_sql::Rows>, std::vector<std::string>>;

}  // namespace

fhir::Result<StoredResource> StoreResourceStore::Read(const Actor& actor, fhir::metadata::TypeId type,
                                                      std::string_view id, std::optional<std::int64_t> version) {
  const Grants& grants = GrantsOf(actor);
  if (!grants.unrestricted) {
    return ReadGranted(grants, type, id, version);
  }
  if (id.find('\0') != std::string_view::npos) {
    return NoSuchResource();
  }
  pg::Parameters parameters;
  parameters.Int(TypeCode(type)).Text(id);
  if (version) {
    parameters.Int(*version);
  }
  GW_ASSIGN(const auto connection, pool_.Acquire());
  GW_ASSIGN(const auto rows, connection->Execute(version ? kReadVersion : kReadHead, parameters));
  return SoleVersion(rows, type, id);
}

fhir::Result<StoredResource> StoreResourceStore::ReadGranted(const Grants& grants, fhir::metadata::TypeId type,
                                                             std::string_view id, std::optional<std::int64_t> version) {
  search_sql::SqlText sql;
  search_sql::Compiler compiler(sql, grants);
  sql << "SELECT v.version, v.last_updated, v.deleted, v.body FROM resource_version r"
         " JOIN resource_version v ON v.type = r.type AND v.id = r.id AND ";
  if (version) {
    (sql << "v.version = ").Bind(*version);
  } else {
    sql << "v.version = r.version";
  }
  sql << " WHERE r.type = " << TypeCode(type) << " AND r.closed_tx IS NULL AND NOT r.deleted";
  (sql << " AND r.id = ").Bind(search_sql::EqualityText(id));
  GW_TRY(compiler.AppendGranted({.alias = "r", .type = type, .versions = true}, adapters::port::kRead));
  auto values = sql.TakeValues();
  const search_sql::SearchStatement statement{sql.TakeText(), std::move(values)};
  GW_ASSIGN(const auto connection, pool_.Acquire());
  GW_ASSIGN(const auto rows, RunCompiled(*connection, "read_granted", statement));
  return SoleVersion(rows, type, id);
}

fhir::Result<SearchPage> StoreResourceStore::Search(const Actor& actor, const fhir::search::Query& asked) {
  const Grants& grants = GrantsOf(actor);
  const bool count_only = asked.summary == fhir::search::Summary::kCount || asked.count == 0;
  const auto patients = options_.patient_links_followed ? PatientsAsked(asked) : std::nullopt;
  const bool follows = patients.has_value();
  SearchPage page;
  page.page_size = count_only ? 0 : PageSize(asked.count, options_);
  if (count_only) {
    GW_ASSIGN(const auto connection, pool_.Acquire());
    GW_ASSIGN(const auto followed, Followed(*connection, grants, asked, follows, nullptr));
    const fhir::search::Query& query = followed ? *followed : asked;
    if (query.total == fhir::search::Total::kEstimate && query.summary != fhir::search::Summary::kCount) {
      GW_ASSIGN(page.total, EstimateMatches(*connection, grants, query, nullptr, page.total_estimated));
    } else {
      GW_ASSIGN(page.total, CountMatches(*connection, grants, query, nullptr, options_.matches_counted_max));
    }
    return page;
  }
  // A link is one of what was asked: what is followed besides is of the state that its snapshot names.
  GW_ASSIGN(PageWalk walk, PageWalk::Begin(options_, actor, asked.cursor.value_or(""),
                                           [&] { return search_sql::PageFingerprint(asked, grants); }));
  GW_ASSIGN(const auto connection, pool_.Acquire());
  // Several statements must see one state. A page alone is one statement.
  std::optional<pg::Transaction> transaction;
  const bool total_asked = asked.total != fhir::search::Total::kNone;
  const bool page_alone = walk.fresh() && asked.includes.empty() && !total_asked;
  std::optional<pg::Rows> found;
  if (page_alone) {
    GW_ASSIGN(const auto statement,
              search_sql::CompilePage(asked, grants, page.page_size + 1, walk.Place(), follows ? &*patients : nullptr));
    GW_ASSIGN(found, RunCompiled(*connection, "search_page", statement));
  }
  // The page says whether the patients it names were merged with others. One without rows says nothing.
  if (follows && found && (found->empty() || (*found)[0].Bool(search_sql::kPageLinked))) {
    found.reset();
  }
  std::optional<fhir::search::Query> followed;
  if (!found) {
    transaction.emplace(*connection, pg::Isolation::kRepeatableReadReadOnly);
    GW_ASSIGN(followed, Followed(*connection, grants, asked, follows, walk.as_of()));
    GW_ASSIGN(const auto statement,
              search_sql::CompilePage(followed ? *followed : asked, grants, page.page_size + 1, walk.Place()));
    GW_ASSIGN(found, RunCompiled(*connection, "search_page", statement));
  }
  const fhir::search::Query& query = followed ? *followed : asked;
  const pg::Rows& rows = *found;
  const std::vector<int> order = walk.Arrange(rows.size(), page.page_size);
  page.hits.reserve(order.size());
  for (const int i : order) {
    const pg::Row row = rows[i];
    SearchHit hit;
    hit.resource.type = TypeOfCode(row.Int(search_sql::kPageType));
    hit.resource.id = row.String(search_sql::kPageId);
    hit.resource.version = row.Int(search_sql::kPageVersion);
    hit.resource.last_updated_us = row.Int(search_sql::kPageLastUpdated);
    hit.resource.body = row.String(search_sql::kPageBody);
    if (hit.resource.type == fhir::metadata::kNoType) {
      GW_ASSIGN(const bool there, ShowContained(hit, options_.limits));
      if (!there) {
        continue;
      }
    }
    page.hits.push_back(std::move(hit));
  }
  if (walk.fresh() && rows.size() <= page.page_size) {
    walk.SetTotal(rows.size());
  } else if (total_asked && !walk.total()) {
    GW_ASSIGN(const auto total,
              query.total == fhir::search::Total::kEstimate
                  ? EstimateMatches(*connection, grants, query, walk.as_of(), page.total_estimated)
                  : CountMatches(*connection, grants, query, walk.as_of(), options_.matches_counted_max));
    walk.SetTotal(total);
  }
  page.total = walk.total();
  const auto position = [&](int i) {
    search_sql::Position at{.keys = {}, .id = rows[i].String(search_sql::kPageId)};
    for (int column = search_sql::kPageFirstKey; column < rows.column_count(); ++column) {
      at.keys.push_back(rows[i].IsNull(column) ? std::nullopt : std::optional(rows[i].String(column)));
    }
    return at;
  };
  const auto end = [&](bool last) {
    return order.empty() ? std::optional<search_sql::Position>() : position(last ? order.back() : order.front());
  };
  GW_ASSIGN(auto links,
            walk.MakeLinks(rows.empty() ? "" : rows[0].Text(search_sql::kPageSnapshot), end(false), end(true)));
  page.next_cursor = std::move(links.next);
  page.previous_cursor = std::move(links.previous);
  page.first_cursor = std::move(links.first);
  if (!query.includes.empty() && !page.hits.empty()) {
    GW_TRY(AddIncludes(*connection, grants, query, walk.as_of(), page));
  }
  if (transaction) {
    GW_TRY(walk.Finish(*connection, *transaction));
  }
  return page;
}

// Unset when there are more than `matches_max`.
fhir::Result<std::optional<std::int64_t>> StoreResourceStore::CountMatches(pg::Connection& connection,
                                                                           const Grants& grants,
                                                                           const fhir::search::Query& query,
                                                                           const search_sql::Snapshot* as_of,
                                                                           std::int64_t matches_max) {
  GW_ASSIGN(const auto statement, search_sql::CompileCount(query, grants, matches_max, as_of));
  GW_ASSIGN(const auto rows, RunCompiled(connection, "search_count", statement));
  const std::int64_t counted = rows[0].Int(0);
  return counted <= matches_max ? std::optional(counted) : std::nullopt;
}

// Counted first, as far as that costs little: what the planner expects of few rows is often wrong, and could tell a
// party of rows that it may not see. Only of many that it does see is it told what is expected.
fhir::Result<std::optional<std::int64_t>> StoreResourceStore::EstimateMatches(pg::Connection& connection,
                                                                              const Grants& grants,
                                                                              const fhir::search::Query& query,
                                                                              const search_sql::Snapshot* as_of,
                                                                              bool& estimated) {
  GW_ASSIGN(const auto counted, CountMatches(connection, grants, query, as_of, options_.estimates_counted_max));
  if (counted) {
    return counted;
  }
  GW_ASSIGN(const auto statement, search_sql::CompileEstimate(query, grants, as_of));
  GW_ASSIGN(const auto rows,
            connection.ExecuteAdHoc("search_estimate", statement.text, search_sql::Bound(statement.values)));
  GW_ASSIGN(const std::int64_t expected, RowsExpected(rows.empty() ? "" : rows[0].Text(0)));
  estimated = true;
  return std::max(expected, options_.estimates_counted_max + 1);
}

// Breadth first: every step follows the includes from the resources that the step before added, each resource once.
fhir::Result<void> StoreResourceStore::AddIncludes(pg::Connection& connection, const Grants& grants,
                                                   const fhir::search::Query& query, const search_sql::Snapshot* as_of,
                                                   SearchPage& page) {
  std::set<FoundKey> visited;
  Frontier frontier;
  for (const auto& hit : page.hits) {
    if (!hit.container.empty()) {
      frontier[{hit.resource.type, search_sql::Rows::kContained}].push_back(hit.container + "#" + hit.resource.id);
      continue;
    }
    visited.emplace(hit.resource.type, hit.resource.id);
    frontier[{hit.resource.type, search_sql::Rows::kOwn}].push_back(hit.resource.id);
  }
  std::int64_t room = options_.includes_max;
  for (int step = 0; step < options_.include_depth_max && !frontier.empty(); ++step) {
    Frontier added;
    for (const auto& include : query.includes) {
      if (step > 0 && !include.iterate) {
        continue;
      }
      for (const auto& [source, ids] : frontier) {
        const auto& [type, sources] = source;
        if (include.reverse && sources == search_sql::Rows::kContained) {
          continue;  // nothing outside refers to it
        }
        if (!include.reverse && include.source_type != fhir::metadata::kNoType && include.source_type != type) {
          continue;
        }
        if (include.reverse && include.target_type != fhir::metadata::kNoType && include.target_type != type) {
          continue;
        }
        // Resources that are in the page already come again: they must not hide others from the limit.
        const auto rows_max = room + static_cast<std::int64_t>(visited.size()) + 1;
        GW_ASSIGN(const auto statement,
                  search_sql::CompileInclude(include, type, ids, grants, rows_max, as_of, sources));
        GW_ASSIGN(const auto rows, RunCompiled(connection, "search_include", statement));
        for (int i = 0; i < rows.size(); ++i) {
          const pg::Row row = rows[i];
          const auto found_type = TypeOfCode(row.Int(search_sql::kIncludeType));
          FoundKey key(found_type, row.String(search_sql::kIncludeId));
          if (visited.contains(key)) {
            continue;
          }
          if (room == 0) {
            page.includes_truncated = true;
            return {};
          }
          --room;
          SearchHit hit;
          hit.included = true;
          hit.resource.type = found_type;
          hit.resource.id = key.second;
          hit.resource.version = row.Int(search_sql::kIncludeVersion);
          hit.resource.last_updated_us = row.Int(search_sql::kIncludeLastUpdated);
          hit.resource.body = row.String(search_sql::kIncludeBody);
          added[{found_type, search_sql::Rows::kOwn}].push_back(hit.resource.id);
          page.hits.push_back(std::move(hit));
          visited.insert(std::move(key));
        }
      }
    }
    frontier = std::move(added);
  }
  if (!frontier.empty() &&
      std::any_of(query.includes.begin(), query.includes.end(), [](const auto& include) { return include.iterate; })) {
    page.includes_truncated = true;
  }
  return {};
}

fhir::Result<adapters::port::HistoryPage> StoreResourceStore::History(const Actor& actor,
                                                                      const adapters::port::HistoryQuery& query) {
  const Grants& grants = GrantsOf(actor);
  adapters::port::HistoryPage page;
  page.page_size = std::max(1, PageSize(query.count > 0 ? std::optional(query.count) : std::nullopt, options_));
  GW_ASSIGN(PageWalk walk, PageWalk::Begin(options_, actor, query.cursor,
                                           [&] { return search_sql::HistoryFingerprint(query, grants); }));
  GW_ASSIGN(const auto statement, search_sql::CompileHistory(query, grants, page.page_size + 1, walk.Place()));
  GW_ASSIGN(const auto connection, pool_.Acquire());
  pg::Transaction transaction(*connection, pg::Isolation::kRepeatableReadReadOnly);
  GW_ASSIGN(const auto rows, RunCompiled(*connection, "history_page", statement));
  const std::vector<int> order = walk.Arrange(rows.size(), page.page_size);
  std::optional<search_sql::Position> first;
  std::optional<search_sql::Position> last;
  for (const int i : order) {
    const pg::Row row = rows[i];
    StoredResource version;
    version.type = TypeOfCode(row.Int(search_sql::kHistoryType));
    version.id = row.String(search_sql::kHistoryId);
    version.version = row.Int(search_sql::kHistoryVersion);
    version.last_updated_us = row.Int(search_sql::kHistoryLastUpdated);
    version.deleted = row.Bool(search_sql::kHistoryDeleted);
    version.body = row.String(search_sql::kHistoryBody);
    last = search_sql::HistoryPosition(version.last_updated_us, version.type, version.id, version.version);
    if (!first) {
      first = last;
    }
    page.versions.push_back(std::move(version));
  }
  if (walk.fresh() && rows.size() <= page.page_size) {
    walk.SetTotal(rows.size());
  } else if (!walk.total()) {
    GW_ASSIGN(const auto count, search_sql::CompileHistoryCount(query, grants, options_.matches_counted_max));
    GW_ASSIGN(const auto counted, RunCompiled(*connection, "history_count", count));
    walk.SetTotal(std::min(counted[0].Int(0), options_.matches_counted_max));
  }
  page.total = walk.total().value_or(0);
  GW_ASSIGN(auto links, walk.MakeLinks(rows.empty() ? "" : rows[0].Text(search_sql::kHistorySnapshot), std::move(first),
                                       std::move(last)));
  page.next_cursor = std::move(links.next);
  page.previous_cursor = std::move(links.previous);
  page.first_cursor = std::move(links.first);
  GW_TRY(walk.Finish(*connection, transaction));
  if (page.versions.empty() && !query.id.empty() && query.cursor.empty() && !query.since_us && !query.at) {
    return NoSuchResource();
  }
  return page;
}

}  // namespace gateway::store
