#include "gateway/store/resource_views.hpp"

#include <algorithm>
#include <numeric>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>

#include "gateway/store/page_walk.hpp"
#include "gateway/store/patient_links.hpp"
#include "gateway/store/pg/transaction.hpp"
#include "gateway/store/search_sql/bind.hpp"
#include "gateway/store/search_sql/compartment.hpp"
#include "gateway/store/search_sql/views.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store {
namespace {

using adapters::port::Actor;
using adapters::port::StoredResource;

constexpr std::int64_t kMatchesOfGroupsMax = 100'000;  // rows looked at for the latest of each group
constexpr int kLabelsMax = 1'000;

const adapters::port::Grants& ViewGrantsOf(const Actor& actor) {
  static const adapters::port::Grants kNothing;
  return actor.grants != nullptr ? *actor.grants : kNothing;
}

fhir::Result<pg::Rows> RunView(pg::Pool& pool, std::string_view name, const search_sql::SearchStatement& statement) {
  GW_ASSIGN(const auto connection, pool.Acquire());
  return connection->ExecuteAdHoc(name, statement.text, search_sql::Bound(statement.values), pg::Plan::kKept);
}

/// What a resource is grouped by: its codes, or its texts when it has no code. Two resources with a code each are not
/// of one kind because their authors gave them the same words.
std::vector<std::string> GroupValues(std::vector<std::string> values) {
  const auto is_text = [](const std::string& value) { return value.starts_with(search_sql::kGroupTextMark); };
  if (!std::ranges::all_of(values, is_text)) {
    std::erase_if(values, is_text);
  }
  return values;
}

/// Sets of row numbers that are joined when two rows share a value.
class Groups {
 public:
  explicit Groups(std::size_t rows) : parent_(rows) { std::iota(parent_.begin(), parent_.end(), std::size_t{0}); }
  std::size_t Find(std::size_t row) {
    while (parent_[row] != row) {
      parent_[row] = parent_[parent_[row]];
      row = parent_[row];
    }
    return row;
  }
  void Join(std::size_t a, std::size_t b) {
    a = Find(a);
    b = Find(b);
    // The newest row of a group stands for it.
    parent_[std::max(a, b)] = std::min(a, b);
  }

 private:
  std::vector<std::size_t> parent_;
};

}  // namespace

fhir::Result<std::vector<adapters::port::ResourceHead>> StoreResourceViews::FindHeads(
    const Actor& actor, std::span<const fhir::search::Query> queries, std::size_t heads_max) {
  std::vector<adapters::port::ResourceHead> heads;
  if (queries.empty()) {
    return heads;
  }
  GW_ASSIGN(const auto statement,
            search_sql::CompileHeads(queries, ViewGrantsOf(actor), static_cast<std::int64_t>(heads_max)));
  GW_ASSIGN(const auto rows, RunView(pool_, "find_heads", statement));
  heads.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    heads.push_back({TypeOfCode(row.Int(search_sql::kHeadType)), row.String(search_sql::kHeadId),
                     row.Int(search_sql::kHeadVersion), row.Int(search_sql::kHeadLastUpdated)});
  }
  return heads;
}

fhir::Result<std::vector<StoredResource>> StoreResourceViews::ReadMany(
    const Actor& actor, std::span<const adapters::port::ResourceKey> keys) {
  std::vector<StoredResource> resources;
  if (keys.empty()) {
    return resources;
  }
  GW_ASSIGN(const auto statement, search_sql::CompileReadMany(keys, ViewGrantsOf(actor)));
  GW_ASSIGN(const auto rows, RunView(pool_, "read_many", statement));
  resources.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    StoredResource resource;
    resource.type = TypeOfCode(row.Int(search_sql::kIncludeType));
    resource.id = row.String(search_sql::kIncludeId);
    resource.version = row.Int(search_sql::kIncludeVersion);
    resource.last_updated_us = row.Int(search_sql::kIncludeLastUpdated);
    resource.body = row.String(search_sql::kIncludeBody);
    resources.push_back(std::move(resource));
  }
  return resources;
}

fhir::Result<adapters::port::SearchPage> StoreResourceViews::Compartment(
    const Actor& actor, const adapters::port::CompartmentQuery& asked) {
  const auto& grants = ViewGrantsOf(actor);
  adapters::port::SearchPage page;
  page.page_size = std::clamp(asked.count.value_or(options_.page_size_max), 1, options_.page_size_max);
  GW_ASSIGN(PageWalk walk, PageWalk::Begin(options_, actor, asked.cursor,
                                           [&] { return search_sql::CompartmentFingerprint(asked, grants); }));
  GW_ASSIGN(const auto connection, pool_.Acquire());
  const bool follows = options_.patient_links_followed && !asked.id.empty() && IsPatient(asked.compartment);
  std::optional<pg::Transaction> transaction;
  if (!walk.fresh() || follows) {
    transaction.emplace(*connection, pg::Isolation::kRepeatableReadReadOnly);
  }
  adapters::port::CompartmentQuery query = asked;
  if (follows) {
    GW_ASSIGN(query.also, ReplacedPatients(*connection, grants, asked.id, walk.as_of()));
  }
  GW_ASSIGN(const auto statement, search_sql::CompileCompartment(query, grants, page.page_size + 1, walk.Place()));
  GW_ASSIGN(const auto rows, connection->ExecuteAdHoc("compartment_page", statement.text,
                                                      search_sql::Bound(statement.values), pg::Plan::kKept));
  const std::vector<int> order = walk.Arrange(rows.size(), page.page_size);
  page.hits.reserve(order.size());
  for (const int i : order) {
    const pg::Row row = rows[i];
    adapters::port::SearchHit hit;
    hit.resource.type = TypeOfCode(row.Int(search_sql::kCompartmentType));
    hit.resource.id = row.String(search_sql::kCompartmentId);
    hit.resource.version = row.Int(search_sql::kCompartmentVersion);
    hit.resource.last_updated_us = row.Int(search_sql::kCompartmentLastUpdated);
    hit.resource.body = row.String(search_sql::kCompartmentBody);
    hit.included = row.Bool(search_sql::kCompartmentOutside);
    page.hits.push_back(std::move(hit));
  }
  if (walk.fresh() && rows.size() <= page.page_size) {
    walk.SetTotal(rows.size());
  }
  page.total = walk.total();
  const auto end = [&](bool last) {
    if (order.empty()) {
      return std::optional<search_sql::Position>();
    }
    const pg::Row row = rows[last ? order.back() : order.front()];
    return std::optional(search_sql::CompartmentPosition(row.Int(search_sql::kCompartmentPlace),
                                                         row.String(search_sql::kCompartmentId)));
  };
  GW_ASSIGN(auto links,
            walk.MakeLinks(rows.empty() ? "" : rows[0].Text(search_sql::kCompartmentSnapshot), end(false), end(true)));
  page.next_cursor = std::move(links.next);
  page.previous_cursor = std::move(links.previous);
  page.first_cursor = std::move(links.first);
  if (transaction) {
    GW_TRY(walk.Finish(*connection, *transaction));
  }
  return page;
}

fhir::Result<std::vector<adapters::port::ResourceKey>> StoreResourceViews::FindOwnMembers(
    const Actor& actor, const adapters::port::CompartmentQuery& query, std::size_t keys_max) {
  GW_ASSIGN(const auto statement,
            search_sql::CompileOwnMembers(query, ViewGrantsOf(actor), static_cast<std::int64_t>(keys_max)));
  GW_ASSIGN(const auto rows, RunView(pool_, "own_members", statement));
  std::vector<adapters::port::ResourceKey> keys;
  keys.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    keys.push_back({TypeOfCode(row.Int(search_sql::kCompartmentType)), row.String(search_sql::kCompartmentId)});
  }
  return keys;
}

fhir::Result<std::vector<StoredResource>> StoreResourceViews::Latest(const Actor& actor,
                                                                     const adapters::port::LatestQuery& asked) {
  adapters::port::LatestQuery query = asked;
  if (options_.patient_links_followed && PatientsAsked(asked.query)) {
    GW_ASSIGN(const auto connection, pool_.Acquire());
    GW_ASSIGN(query.query, FollowPatientLinks(*connection, ViewGrantsOf(actor), asked.query, nullptr));
  }
  GW_ASSIGN(const auto statement, search_sql::CompileGroups(query, ViewGrantsOf(actor), kMatchesOfGroupsMax + 1));
  GW_ASSIGN(const auto rows, RunView(pool_, "latest_groups", statement));
  if (rows.size() > kMatchesOfGroupsMax) {
    return fhir::Fail(fhir::ErrorCode::kTooCostly, "Too many resources match: narrow the search.");
  }
  const auto count = static_cast<std::size_t>(rows.size());
  Groups groups(count);
  std::unordered_map<std::string, std::size_t> first_with;
  for (std::size_t i = 0; i < count; ++i) {
    for (auto& value : GroupValues(rows[static_cast<int>(i)].TextArray(search_sql::kGroupValues))) {
      const auto [found, added] = first_with.try_emplace(std::move(value), i);
      if (!added) {
        groups.Join(found->second, i);
      }
    }
  }
  // Rows come newest first, and a group by the place of its newest row.
  std::vector<std::vector<std::size_t>> by_group(count);
  for (std::size_t i = 0; i < count; ++i) {
    auto& group = by_group[groups.Find(i)];
    if (static_cast<int>(group.size()) < query.per_group) {
      group.push_back(i);
    }
  }
  std::vector<adapters::port::ResourceKey> keys;
  for (const auto& group : by_group) {
    for (const std::size_t i : group) {
      keys.push_back({query.query.type, rows[static_cast<int>(i)].String(search_sql::kGroupId)});
    }
  }
  if (keys.size() > static_cast<std::size_t>(query.resources_max)) {
    return fhir::Fail(fhir::ErrorCode::kTooCostly, "Too many groups of resources match: narrow the search.");
  }
  return ReadMany(actor, keys);
}

fhir::Result<adapters::port::MetaInUse> StoreResourceViews::FindMetaInUse(const Actor& actor,
                                                                          fhir::metadata::TypeId type) {
  GW_ASSIGN(const auto statement, search_sql::CompileMetaInUse(type, ViewGrantsOf(actor), kLabelsMax + 1));
  GW_ASSIGN(const auto rows, RunView(pool_, "meta_in_use", statement));
  adapters::port::MetaInUse meta;
  meta.truncated = rows.size() > kLabelsMax;
  for (int i = 0; i < std::min(rows.size(), kLabelsMax); ++i) {
    const pg::Row row = rows[i];
    std::string code = row.String(search_sql::kMetaCode);
    switch (static_cast<search_sql::MetaKind>(row.Int(search_sql::kMetaKind))) {
      case search_sql::MetaKind::kProfile:
        meta.profiles.push_back(std::move(code));
        break;
      case search_sql::MetaKind::kTag:
        meta.tags.emplace_back(row.String(search_sql::kMetaSystem), std::move(code));
        break;
      case search_sql::MetaKind::kSecurity:
        meta.security.emplace_back(row.String(search_sql::kMetaSystem), std::move(code));
        break;
    }
  }
  return meta;
}

}  // namespace gateway::store
