#include "gateway/store/transaction/conditions.hpp"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <string>

#include "fhir/search/answering_rows.hpp"
#include "gateway/store/pg/array.hpp"
#include "gateway/store/search_sql/fingerprint.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::transaction {
namespace {

using fhir::search::Query;

// A bounded number of locks, however large the transaction: the server's lock table is shared by all. Two conditions in
// one bucket merely wait for each other.
constexpr std::uint64_t kLockBuckets = 4096;
constexpr std::size_t kMatchesWanted = 2;

// $1 buckets in ascending order. The first number keeps clear of other advisory locks.
constexpr pg::Statement kLockConditions{"lock_conditions", R"sql(
SELECT pg_advisory_xact_lock(19831, k) FROM unnest($1::int[]) AS k)sql"};

// arrays: $1 positions, $2 types, $3 parameters, $4 systems, $5 codes. LIMIT: see versions.cpp.
constexpr pg::Statement kFindTokens{"find_by_token", R"sql(
SELECT w.n, m.id
  FROM (SELECT * FROM unnest($1::int[], $2::smallint[], $3::smallint[], $4::text[], $5::text[])
         LIMIT cardinality($1::int[])) AS w(n, type, parameter, system, code)
 CROSS JOIN LATERAL (
   SELECT DISTINCT t.id
     FROM idx_token t
    WHERE t.parameter = w.parameter AND t.type = w.type AND t.code = w.code AND t.system = w.system
      AND t.closed_tx IS NULL
    LIMIT 2) m)sql"};

// The one value of a condition of the form token=system|code; null for any other.
const fhir::search::TokenValue* SoleToken(const Query& query) {
  if (query.criteria.size() != 1) {
    return nullptr;
  }
  const auto& criterion = query.criteria.front();
  if (criterion.kind != fhir::search::CriterionKind::kParameter || criterion.parameter == nullptr ||
      criterion.parameter->type != fhir::metadata::SearchType::kToken ||
      criterion.modifier != fhir::search::Modifier::kNone || criterion.values.size() != 1 ||
      !fhir::search::RowsAnswering(query.type, criterion.parameter->id, criterion.parameter->type).own) {
    return nullptr;
  }
  const auto* value = std::get_if<fhir::search::TokenValue>(&criterion.values.front());
  return value != nullptr && value->system && value->code ? value : nullptr;
}

// True when every resource of the type can be searched, by all of its values.
bool SearchesAll(const adapters::port::Grants& grants, fhir::metadata::TypeId type) {
  if (grants.unrestricted) {
    return true;
  }
  const auto found = grants.by_type.find(type);
  if (found == grants.by_type.end() || !found->second.identifier_types_hidden.empty()) {
    return false;
  }
  return std::any_of(found->second.grants.begin(), found->second.grants.end(), [](const auto& grant) {
    return grant.where.empty() && (grant.interactions & adapters::port::kSearch) != 0 &&
           (grant.interactions & adapters::port::kRead) != 0;
  });
}

}  // namespace

// Nodes of two releases must come to the same key for the usual conditions, or an upgrade node by node could let two of
// them create the same: so those are told by what they ask, not by the SQL that a release makes of it.
std::uint64_t ConditionKey(const Query& condition) {
  std::string digest;
  if (const auto* token = SoleToken(condition); token != nullptr) {
    const search_sql::SqlValue asked[] = {std::int64_t{TypeCode(condition.type)},
                                          std::int64_t{condition.criteria.front().parameter->id}, *token->system,
                                          *token->code};
    digest = search_sql::Fingerprint("token", asked);
  } else {
    static const adapters::port::Grants kSystem{.unrestricted = true, .by_type = {}};
    const auto compiled = search_sql::CompileIds(condition, kSystem, static_cast<int>(kMatchesWanted));
    if (!compiled) {
      return 0;  // ResolveConditions reports the error
    }
    digest = search_sql::Fingerprint(compiled->text, compiled->values);
  }
  std::uint64_t key = 0;
  std::memcpy(&key, digest.data(), sizeof key);
  return key;
}

namespace {

// Adds to matches[i] what conditions[i] finds, for each i in `asked`.
fhir::Result<void> FindMatches(Session& session, const adapters::port::Grants& grants,
                               std::span<const Query* const> conditions, std::span<const std::size_t> wanted,
                               std::span<const std::size_t> asked, std::vector<std::vector<std::string>>& matches) {
  const auto wanted_of = [&](std::size_t i) { return wanted.empty() ? kMatchesWanted : wanted[i]; };
  pg::Array positions(pg::ElementType::kInt4);
  pg::Array types(pg::ElementType::kInt2);
  pg::Array ids(pg::ElementType::kInt2);
  pg::Array systems(pg::ElementType::kText);
  pg::Array codes(pg::ElementType::kText);
  std::vector<std::size_t> others;
  for (const std::size_t i : asked) {
    const auto* token = SoleToken(*conditions[i]);
    if (token == nullptr || wanted_of(i) != kMatchesWanted || !SearchesAll(grants, conditions[i]->type)) {
      others.push_back(i);
      continue;
    }
    positions.AddInt(static_cast<std::int64_t>(i));
    types.AddInt(TypeCode(conditions[i]->type));
    ids.AddInt(conditions[i]->criteria.front().parameter->id);
    systems.AddText(search_sql::EqualityText(*token->system));
    codes.AddText(search_sql::EqualityText(*token->code));
  }
  if (positions.size() > 0) {
    pg::Parameters parameters;
    parameters.Add(positions).Add(types).Add(ids).Add(systems).Add(codes);
    GW_ASSIGN(const auto rows, session.Read(kFindTokens, parameters));
    for (int i = 0; i < rows.size(); ++i) {
      matches[static_cast<std::size_t>(rows[i].Int(0))].push_back(rows[i].String(1));
    }
  }
  for (const std::size_t i : others) {
    GW_ASSIGN(const auto statement, search_sql::CompileIds(*conditions[i], grants, static_cast<int>(wanted_of(i))));
    GW_ASSIGN(const auto rows, session.Read("find_by_condition", statement));
    for (int row = 0; row < rows.size(); ++row) {
      matches[i].push_back(rows[row].String(0));
    }
  }
  return {};
}

void LockBuckets(Session& session, std::span<const Query* const> conditions, std::span<const std::size_t> asked) {
  std::vector<std::int32_t> buckets;
  for (const std::size_t i : asked) {
    buckets.push_back(static_cast<std::int32_t>(ConditionKey(*conditions[i]) % kLockBuckets));
  }
  std::sort(buckets.begin(), buckets.end());
  buckets.erase(std::unique(buckets.begin(), buckets.end()), buckets.end());
  pg::Parameters parameters;
  parameters.Add(pg::Array::Int32s(buckets));
  session.Write(kLockConditions, parameters);
}

}  // namespace

fhir::Result<std::vector<std::vector<std::string>>> ResolveConditions(Session& session,
                                                                      const adapters::port::Grants& grants,
                                                                      std::span<const Query* const> conditions,
                                                                      ConditionLock lock,
                                                                      std::span<const std::size_t> wanted) {
  std::vector<std::vector<std::string>> matches(conditions.size());
  if (conditions.empty()) {
    return matches;
  }
  std::vector<std::size_t> asked(conditions.size());
  std::iota(asked.begin(), asked.end(), std::size_t{0});
  GW_TRY(FindMatches(session, grants, conditions, wanted, asked, matches));
  if (lock == ConditionLock::kNone) {
    return matches;
  }
  // Only who found nothing could create a second of the same. What all messages of a sender name (its organization, its
  // practitioners) is there already, and a lock on it would make all wait for each other's commit.
  std::erase_if(asked, [&](std::size_t i) { return !matches[i].empty(); });
  if (asked.empty()) {
    return matches;
  }
  LockBuckets(session, conditions, asked);
  GW_TRY(FindMatches(session, grants, conditions, wanted, asked, matches));
  return matches;
}

}  // namespace gateway::store::transaction
