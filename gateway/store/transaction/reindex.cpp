#include "gateway/store/transaction/reindex.hpp"

#include <utility>

#include "fhir/json/reader.hpp"
#include "gateway/store/transaction/contained_rows.hpp"
#include "gateway/store/transaction/index_rows.hpp"

namespace gateway::store::transaction {
namespace {

// $1 type, $2 after, $3 until or empty, $4 rows
constexpr pg::Statement kSelectNextIds{"select_ids_to_reindex", R"sql(
SELECT id, coalesce(octet_length(body), 0)::bigint FROM resource_version
 WHERE type = $1::smallint AND closed_tx IS NULL AND id > $2::text AND ($3::text = '' OR id <= $3::text)
 ORDER BY id LIMIT $4::int)sql"};

}  // namespace

fhir::Result<std::vector<std::string>> NextIds(Session& session, const ReindexPart& part, bool& more) {
  pg::Parameters parameters;
  parameters.Int(part.type).Text(part.after).Text(part.until).Int(part.resources_max);
  GW_ASSIGN(const pg::Rows rows, session.Read(kSelectNextIds, parameters));
  std::vector<std::string> ids;
  std::size_t bytes = 0;
  for (int i = 0; i < rows.size(); ++i) {
    bytes += static_cast<std::size_t>(rows[i].Int(1));
    if (bytes > part.bytes_max && !ids.empty()) {
      break;
    }
    ids.push_back(rows[i].String(0));
  }
  more = std::cmp_less(ids.size(), rows.size()) || rows.size() == part.resources_max;
  return ids;
}

fhir::Result<PartDone> ReindexResources(const ReindexContext& context, std::int16_t type,
                                        std::span<const std::string> ids) {
  PartDone done;
  if (ids.empty()) {
    return done;
  }
  std::vector<ResourceKey> keys;
  keys.reserve(ids.size());
  for (const std::string& id : ids) {
    keys.emplace_back(type, id);
  }
  GW_ASSIGN(const CurrentHeads heads, LockAndReadHeads(context.session, keys, {}));
  const fhir::search::ExtractOptions options{.base_url = context.options.base_url,
                                             .zone = context.options.zone,
                                             .narrative_types = context.options.narrative_types,
                                             .content_types = context.options.content_types,
                                             .only = context.only};
  std::vector<fhir::search::IndexValues> values;
  values.reserve(heads.locked.size());  // IndexChange points into it
  std::vector<IndexChange> wanted;
  fhir::IssueList unheard(1);
  ContainedRows contained(context.extractor, options, unheard);
  for (const auto& [key, head] : heads.locked) {
    IndexChange change{.type = key.first, .id = key.second};
    if (!head.deleted) {
      fhir::IssueList ignored(1);
      const auto document = fhir::json::ReadJson(head.body, context.options.limits, ignored);
      if (!document) {
        ++done.unreadable;
        continue;
      }
      values.push_back(context.extractor.Extract(document->root(), options, ignored));
      change.after = &values.back();
      if (!context.only) {
        contained.Note(key.first, key.second, nullptr, &document->root());
      }
    }
    wanted.push_back(change);
  }
  if (!context.only) {
    std::vector<ResourceKey> visited;
    visited.reserve(wanted.size());
    for (const IndexChange& change : wanted) {
      visited.emplace_back(change.type, change.id);
    }
    GW_ASSIGN(const auto stored, ReadContained(context.session, visited, false));
    contained.NoteStored(stored);
    contained.AddTo(wanted);
    contained.Repair(context.session, visited);
  }
  RepairIndexRows(context.session, wanted, context.only);
  GW_TRY(context.session.Flush());  // what the statements borrow is gone after this
  done.resources = static_cast<std::int64_t>(heads.locked.size());
  done.last_id = ids.back();
  return done;
}

fhir::Result<PartDone> ReindexNext(const ReindexContext& context, const ReindexPart& part) {
  bool more = false;
  GW_ASSIGN(const std::vector<std::string> ids, NextIds(context.session, part, more));
  GW_ASSIGN(PartDone done, ReindexResources(context, part.type, ids));
  done.more = more;
  return done;
}

}  // namespace gateway::store::transaction
