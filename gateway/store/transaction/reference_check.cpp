#include "gateway/store/transaction/reference_check.hpp"

#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/bundle/references.hpp"
#include "fhir/search/types/reference.hpp"
#include "fhir/validation/expression.hpp"
#include "gateway/store/pg/array.hpp"
#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/transaction/grant_check.hpp"
#include "gateway/store/transaction/versions.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::transaction {
namespace {

using adapters::port::Effect;
using fhir::metadata::Definitions;
using fhir::metadata::TypeId;
using fhir::model::Node;

using TargetKey = std::pair<TypeId, std::string>;

// arrays: $1 types, $2 ids. The first that there is no live resource of. OFFSET 0: each is looked for by the index of
// heads, however many there are. LIMIT: see versions.cpp.
constexpr pg::Statement kFindAbsent{"find_absent_references", R"sql(
SELECT min(w.n)
  FROM (SELECT * FROM unnest($1::smallint[], $2::text[]) WITH ORDINALITY LIMIT cardinality($2::text[])) AS w(type, id, n)
 WHERE NOT EXISTS (SELECT 1 FROM resource_version r
                    WHERE r.type = w.type AND r.id = w.id AND r.closed_tx IS NULL AND NOT r.deleted
                   OFFSET 0))sql"};

// How many of the same are there. They are locked against deletes, which lock them otherwise before they are made
// (delete_check.cpp): one under way is waited for, and then what it took is absent. Updates neither wait nor are waited
// for. Which one is absent is asked when one is: a join for it would have the server plan anew each time.
constexpr pg::Statement kLockFound{"lock_references", R"sql(
SELECT count(*)
  FROM (SELECT 1
          FROM (SELECT * FROM unnest($1::smallint[], $2::text[]) LIMIT cardinality($2::text[])) AS w(type, id)
          JOIN resource_version r ON r.type = w.type AND r.id = w.id AND r.closed_tx IS NULL AND NOT r.deleted
         ORDER BY r.type, r.id
           FOR KEY SHARE OF r) found)sql"};

/// Where a target is referred to first.
struct ReferencePlace {
  const Step* step = nullptr;
  const Node* node = nullptr;
  bool deleted = false;  ///< by this very transaction
};

std::optional<TargetKey> TargetOf(std::string_view reference, std::string_view base_url) {
  const auto& definitions = Definitions::R4();
  const auto parts = fhir::search::SplitReference(reference, base_url, definitions);
  if (!parts || parts->id.empty()) {
    return std::nullopt;
  }
  const TypeId type = definitions.FindType(parts->type);
  return definitions.IsResource(type) ? std::optional(TargetKey(type, parts->id)) : std::nullopt;
}

std::unexpected<fhir::Error> LeadsNowhere(const ReferencePlace& place) {
  fhir::Error error;
  error.code = fhir::ErrorCode::kInvalid;
  error.public_text.text = "The reference leads to no resource of this server.";
  error.expression = fhir::validation::ExpressionOf(*place.node);
  if (const std::string& entry = place.step->change.place; !entry.empty()) {
    const std::size_t dot = error.expression.find('.');
    error.expression = entry + (dot == std::string::npos ? std::string() : error.expression.substr(dot));
  }
  return std::unexpected(std::move(error));
}

using Wanted = std::map<TargetKey, ReferencePlace>;

/// Bundles, whose entries are resolved by their own fullUrls, and what tells what was.
std::set<TypeId> TypesNotChecked(const StoreOptions& options) {
  const auto& definitions = Definitions::R4();
  std::set<TypeId> types{definitions.FindType("Bundle")};
  for (const auto& name : options.referrers_ignored) {
    types.insert(definitions.FindType(name));
  }
  return types;
}

Wanted CollectWanted(const ApplyContext& context, std::span<const Step> steps) {
  const std::set<TypeId> not_checked = TypesNotChecked(context.options);
  std::set<TargetKey> known;
  std::set<TargetKey> deleted;
  for (const auto& earlier : context.earlier) {
    if (earlier.effect != Effect::kDeleted) {
      known.emplace(earlier.type, earlier.id);
    }
  }
  for (const auto& step : steps) {
    if (!step.id.empty() && step.effect == Effect::kDeleted) {
      deleted.emplace(step.change.type, step.id);
    } else if (!step.id.empty() && step.change.verb != adapters::port::Verb::kDelete) {
      known.emplace(step.change.type, step.id);
    }
  }
  Wanted wanted;
  for (const auto& step : steps) {
    if ((step.effect != Effect::kCreated && step.effect != Effect::kUpdated) ||
        not_checked.contains(step.change.type)) {
      continue;
    }
    std::set<std::string_view> before;
    if (step.before) {
      for (const auto& use : fhir::bundle::CollectReferences(step.before->root())) {
        before.insert(use.reference);
      }
    }
    for (const auto& use : fhir::bundle::CollectReferences(step.change.resource->root())) {
      if (before.contains(use.reference)) {
        continue;
      }
      auto target = TargetOf(use.reference, context.options.base_url);
      if (target && !known.contains(*target)) {
        const bool gone = deleted.contains(*target);
        wanted.emplace(*std::move(target), ReferencePlace{&step, use.node, gone});
      }
    }
  }
  return wanted;
}

/// For a restricted actor: what it may neither read nor name in a search is not there. A part of the statement for each
/// type, whose grants are conditions of their own.
fhir::Result<void> CheckVisible(const ApplyContext& context, const Wanted& wanted) {
  constexpr std::uint16_t kSeen = adapters::port::kRead | adapters::port::kChain;
  IdsByType ids;
  for (const auto& [target, place] : wanted) {
    ids[target.first].push_back(target.second);
  }
  search_sql::SqlText sql;
  search_sql::Compiler compiler(sql, context.grants);
  for (auto& [type, wanted_ids] : ids) {
    sql << (sql.text().empty() ? "" : " UNION ALL ")
        << "SELECT * FROM (SELECT r.type, r.id FROM resource_version r WHERE r.type = " << TypeCode(type)
        << " AND r.closed_tx IS NULL AND NOT r.deleted";
    (sql << " AND r.id = ANY (").Bind(std::move(wanted_ids)) << ")";
    GW_TRY(compiler.AppendGranted({.alias = "r", .type = type, .versions = true}, kSeen));
    sql << (context.options.deletes_checked ? " ORDER BY r.id FOR KEY SHARE OF r" : "") << ") v";  // as kLockFound
  }
  auto values = sql.TakeValues();
  const search_sql::SearchStatement statement{sql.TakeText(), std::move(values)};
  GW_ASSIGN(const auto rows, context.session.Read("find_visible_references", statement));
  std::set<TargetKey> visible;
  for (int i = 0; i < rows.size(); ++i) {
    visible.emplace(TypeOfCode(rows[i].Int(0)), rows[i].String(1));
  }
  for (const auto& [target, place] : wanted) {
    if (!visible.contains(target)) {
      return LeadsNowhere(place);
    }
  }
  return {};
}

fhir::Result<void> CheckThere(const ApplyContext& context, const Wanted& wanted) {
  pg::Array types(pg::ElementType::kInt2);
  pg::Array ids(pg::ElementType::kText);
  for (const auto& [target, place] : wanted) {
    types.AddInt(TypeCode(target.first));
    ids.AddText(target.second);
  }
  pg::Parameters parameters;
  parameters.Add(types).Add(ids);
  if (context.options.deletes_checked) {
    GW_ASSIGN(const auto found, context.session.Read(kLockFound, parameters));
    if (found[0].Int(0) == static_cast<std::int64_t>(wanted.size())) {
      return {};
    }
  }
  GW_ASSIGN(const auto rows, context.session.Read(kFindAbsent, parameters));
  if (!rows[0].IsNull(0)) {
    return LeadsNowhere(std::next(wanted.begin(), rows[0].Int(0) - 1)->second);
  }
  if (context.options.deletes_checked) {
    return fhir::Fail(fhir::ErrorCode::kConflict, {"What the resource refers to was changed meanwhile."},
                      {"a target came back while it was locked"}, fhir::Retry::kLater);
  }
  return {};
}

}  // namespace

fhir::Result<void> CheckReferences(const ApplyContext& context, std::span<const Step> steps) {
  const Wanted wanted = CollectWanted(context, steps);
  if (wanted.empty()) {
    return {};
  }
  for (const auto& [target, place] : wanted) {
    if (place.deleted) {
      return LeadsNowhere(place);
    }
  }
  return context.grants.unrestricted ? CheckThere(context, wanted) : CheckVisible(context, wanted);
}

}  // namespace gateway::store::transaction
