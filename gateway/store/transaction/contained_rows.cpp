#include "gateway/store/transaction/contained_rows.hpp"

#include "fhir/search/contained.hpp"
#include "gateway/store/pg/array.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::transaction {
namespace {

using fhir::metadata::Definitions;
using fhir::model::Node;

// arrays: $1 types, $2 ids, $3 types of the containers, $4 their ids
constexpr pg::Statement kInsertContained{"insert_contained", R"sql(
INSERT INTO contained_resource (type, id, container_type, container_id)
SELECT * FROM unnest($1::smallint[], $2::text[], $3::smallint[], $4::text[]))sql"};

// arrays: $1 types, $2 ids. LIMIT: see versions.cpp.
constexpr pg::Statement kCloseContained{"close_contained", R"sql(
UPDATE contained_resource t SET closed_tx = pg_current_xact_id()
  FROM (SELECT * FROM unnest($1::smallint[], $2::text[]) LIMIT cardinality($2::text[])) AS w(type, id)
 WHERE t.type = w.type AND t.id = w.id AND t.closed_tx IS NULL)sql"};

// arrays: $1 types and $2 ids of containers; $3 to $6 as kInsertContained. Both parts see the rows as they were.
constexpr pg::Statement kRepairContained{"repair_contained", R"sql(
WITH visited AS (SELECT * FROM unnest($1::smallint[], $2::text[]) AS v(type, id)),
     wanted AS (SELECT * FROM unnest($3::smallint[], $4::text[], $5::smallint[], $6::text[])
                  AS w(type, id, container_type, container_id)),
     closed AS (
  UPDATE contained_resource t SET closed_tx = pg_current_xact_id()
    FROM visited v
   WHERE t.container_id = v.id AND t.container_type = v.type AND t.closed_tx IS NULL
     AND NOT EXISTS (SELECT 1 FROM wanted w WHERE w.type = t.type AND w.id = t.id))
INSERT INTO contained_resource (type, id, container_type, container_id)
SELECT type, id, container_type, container_id FROM wanted w
 WHERE NOT EXISTS (SELECT 1 FROM contained_resource t WHERE t.type = w.type AND t.id = w.id AND t.closed_tx IS NULL))sql"};

// arrays: $1 types and $2 ids of containers; $3 whether closed rows count
constexpr pg::Statement kSelectContained{"select_contained", R"sql(
SELECT DISTINCT t.type, t.id
  FROM (SELECT * FROM unnest($1::smallint[], $2::text[]) LIMIT cardinality($2::text[])) AS w(type, id)
  JOIN contained_resource t ON t.container_id = w.id AND t.container_type = w.type
 WHERE $3::boolean OR t.closed_tx IS NULL)sql"};

/// Columns of kInsertContained.
class Columns {
 public:
  void Add(const ContainedKey& key, std::int16_t container_type, std::string_view container_id) {
    types_.AddInt(key.first);
    ids_.AddText(key.second);
    container_types_.AddInt(container_type);
    container_ids_.AddText(container_id);
  }
  bool empty() const { return ids_.size() == 0; }
  void AddTo(pg::Parameters& parameters) const {
    parameters.Add(types_).Add(ids_).Add(container_types_).Add(container_ids_);
  }

 private:
  pg::Array types_{pg::ElementType::kInt2};
  pg::Array ids_{pg::ElementType::kText};
  pg::Array container_types_{pg::ElementType::kInt2};
  pg::Array container_ids_{pg::ElementType::kText};
};

pg::Parameters ContainersOf(std::span<const std::pair<std::int16_t, std::string>> containers) {
  pg::Array types(pg::ElementType::kInt2);
  pg::Array ids(pg::ElementType::kText);
  for (const auto& [type, id] : containers) {
    types.AddInt(type);
    ids.AddText(id);
  }
  pg::Parameters parameters;
  parameters.Add(types).Add(ids);
  return parameters;
}

}  // namespace

ContainedRows::ContainedRows(fhir::search::Extractor& extractor, fhir::search::ExtractOptions options,
                             fhir::IssueList& issues)
    : extractor_(extractor), options_(std::move(options)), issues_(issues) {
  options_.standard_only = true;  // work for parameters of one's own visits the resources of their types, not these
}

void ContainedRows::Note(std::int16_t type, std::string_view id, const Node* before, const Node* after) {
  if (before != nullptr) {
    NoteEach(type, id, *before, after != nullptr, false);
  }
  if (after != nullptr) {
    NoteEach(type, id, *after, true, true);
  }
}

void ContainedRows::NoteEach(std::int16_t type, std::string_view id, const Node& container, bool stays, bool is_after) {
  if (container.Child("contained") == nullptr) {
    return;
  }
  const std::string_view type_name = Definitions::R4().TypeName(container.type);
  for (const Node* const node : fhir::search::ContainedResources(container)) {
    const auto code = static_cast<std::int16_t>(-TypeCode(node->type));
    Resource& resource = resources_[{code, fhir::search::ContainedName(type_name, id, node->ChildValue("id"))}];
    resource.container_type = type;
    resource.container_id = id;
    if (is_after) {
      resource.after = extractor_.Extract(*node, options_, issues_);
    } else {
      resource.was = true;
      if (stays) {
        resource.before = extractor_.Extract(*node, options_, issues_);
      }
    }
  }
}

void ContainedRows::NoteStored(std::span<const ContainedKey> stored) {
  for (const ContainedKey& key : stored) {
    resources_[key].was = true;
  }
}

void ContainedRows::AddTo(std::vector<IndexChange>& changes) {
  for (auto& [key, resource] : resources_) {
    IndexChange change{.type = key.first, .id = key.second};
    if (resource.after) {
      change.after = &*resource.after;
      change.before = resource.before ? &*resource.before : nullptr;
    }
    changes.push_back(change);
  }
}

void ContainedRows::Write(Session& session) const {
  Columns comes;
  pg::Array types(pg::ElementType::kInt2);
  pg::Array ids(pg::ElementType::kText);
  for (const auto& [key, resource] : resources_) {
    if (resource.after && !resource.was) {
      comes.Add(key, resource.container_type, resource.container_id);
    } else if (!resource.after) {
      types.AddInt(key.first);
      ids.AddText(key.second);
    }
  }
  if (ids.size() > 0) {
    pg::Parameters parameters;
    parameters.Add(types).Add(ids);
    session.Write(kCloseContained, parameters);
  }
  if (!comes.empty()) {
    pg::Parameters parameters;
    comes.AddTo(parameters);
    session.Write(kInsertContained, parameters);
  }
}

void ContainedRows::Repair(Session& session, std::span<const std::pair<std::int16_t, std::string>> containers) const {
  Columns wanted;
  for (const auto& [key, resource] : resources_) {
    if (resource.after) {
      wanted.Add(key, resource.container_type, resource.container_id);
    }
  }
  pg::Parameters parameters = ContainersOf(containers);
  wanted.AddTo(parameters);
  session.Write(kRepairContained, parameters);
}

fhir::Result<std::vector<ContainedKey>> ReadContained(Session& session,
                                                      std::span<const std::pair<std::int16_t, std::string>> containers,
                                                      bool closed) {
  pg::Parameters parameters = ContainersOf(containers);
  parameters.Bool(closed);
  GW_ASSIGN(const pg::Rows rows, session.Read(kSelectContained, parameters));
  std::vector<ContainedKey> keys;
  keys.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    keys.emplace_back(static_cast<std::int16_t>(rows[i].Int(0)), rows[i].String(1));
  }
  return keys;
}

}  // namespace gateway::store::transaction
