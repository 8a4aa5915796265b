#include "gateway/store/search_sql/key_walk.hpp"

#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using fhir::metadata::SearchType;

// Types whose index by value has it right after parameter and type, on all rows.
bool HasOrder(SearchType type) {
  return type == SearchType::kDate || type == SearchType::kString || type == SearchType::kToken ||
         type == SearchType::kUri;
}

}  // namespace

bool WalksKeys(const fhir::search::Query& query, const std::optional<Lead>& lead) {
  return query.type != fhir::metadata::kNoType && query.sort.size() == 1 && query.sort[0].parameter != nullptr &&
         query.sort[0].parameter->code != "_id" && HasOrder(query.sort[0].parameter->type) && !(lead && lead->few);
}

// On the way back from one without a value come others without; else those with one.
KeyWalk::Part KeyWalk::First() const {
  return place_.position != nullptr && !place_.position->keys[0] ? Part::kWithout : Part::kWithValue;
}

fhir::Result<void> KeyWalk::AppendFirstPart() {
  sql_ << "WITH f AS MATERIALIZED (";
  GW_TRY(AppendPart(First()));
  sql_ << ") ";
  return {};
}

fhir::Result<void> KeyWalk::AppendRows() {
  sql_ << "SELECT f.id, f.k1 FROM f";
  const bool more_beyond = First() == Part::kWithValue ? after() : !after();
  if (!more_beyond) {
    return {};
  }
  sql_ << " UNION ALL SELECT g.id, g.k1 FROM (";
  GW_TRY(AppendPart(First() == Part::kWithValue ? Part::kWithout : Part::kWithValue));
  (sql_ << ") g WHERE (SELECT count(*) FROM f) < ").Bind(rows_max_);
  return {};
}

fhir::Result<void> KeyWalk::AppendPart(Part part) {
  return part == Part::kWithValue ? AppendWithValue() : AppendWithout();
}

// A resource stands where its least value is, or when descending its greatest; of rows of one value, one counts.
// DISTINCT would say that too, but PostgreSQL 15 reads all rows for it.
fhir::Result<void> KeyWalk::AppendWithValue() {
  const auto& parameter = *key_.parameter;
  const bool descending = key_.descending == after();
  Compiler compiler(sql_, grants_, query_.types);
  sql_ << "SELECT k." << key_.column << " AS k1, k.id";
  compiler.AppendHeadRows("k", query_.type, parameter.id, parameter.type);
  AppendSortable(sql_, "k", key_);
  if (place_.position != nullptr && place_.position->keys[0]) {
    const std::string& value = *place_.position->keys[0];
    sql_ << " AND k." << key_.column << (descending ? " <= " : " >= ");
    BindKey(sql_, key_, value);
    sql_ << " AND (k." << key_.column << (descending ? " < " : " > ");
    BindKey(sql_, key_, value);
    (sql_ << " OR k.id" << (after() ? " > " : " < ")).Bind(place_.position->id) << ")";
  }
  const std::string other = sql_.NewAlias();
  sql_ << " AND NOT EXISTS (SELECT 1";
  compiler.AppendHeadRows(other, query_.type, parameter.id, parameter.type);
  AppendSortable(sql_, other, key_);
  const std::string theirs = other + "." + std::string(key_.column);
  const std::string own = "k." + std::string(key_.column);
  sql_ << " AND " << other << ".id = k.id AND (" << theirs << (key_.descending ? " > " : " < ") << own << " OR "
       << theirs << " = " << own << " AND " << other << ".ctid > k.ctid) OFFSET 0)";
  const Scope scope{.alias = "k", .type = query_.type};
  GW_TRY(compiler.AppendCriteria(scope, query_.criteria));
  GW_TRY(AppendMayFind(compiler, scope, grants_));
  (sql_ << " ORDER BY k1" << (descending ? " DESC" : "") << ", k.id" << (after() ? "" : " DESC") << " LIMIT ")
      .Bind(rows_max_);
  return {};
}

fhir::Result<void> KeyWalk::AppendWithout() {
  const auto& parameter = *key_.parameter;
  Compiler compiler(sql_, grants_, query_.types);
  const std::string alias = lead_ ? "n" : "r";
  sql_ << "SELECT NULL::" << key_.cast << " AS k1, " << alias << ".id FROM ";
  if (lead_) {
    sql_ << "(";
    GW_TRY(AppendMatchingIds(sql_, query_, grants_, *lead_, nullptr));
    sql_ << ") n WHERE true";
  } else {
    sql_ << "(SELECT r.id";
    AppendResources(sql_, Walk::kByResource);
    sql_ << " WHERE r.type = " << TypeCode(query_.type);
    AppendResourcesCount(sql_, Walk::kByResource);
    const Scope scope{.alias = "r", .type = query_.type, .versions = true};
    GW_TRY(compiler.AppendCriteria(scope, query_.criteria));
    GW_TRY(AppendMayFind(compiler, scope, grants_));
    sql_ << ") r WHERE true";
  }
  const std::string other = sql_.NewAlias();
  sql_ << " AND NOT EXISTS (SELECT 1";
  compiler.AppendHeadRows(other, query_.type, parameter.id, parameter.type);
  AppendSortable(sql_, other, key_);
  sql_ << " AND " << other << ".id = " << alias << ".id OFFSET 0)";
  if (place_.position != nullptr && !place_.position->keys[0]) {
    (sql_ << " AND " << alias << ".id" << (after() ? " > " : " < ")).Bind(place_.position->id);
  }
  (sql_ << " ORDER BY " << alias << ".id" << (after() ? "" : " DESC") << " LIMIT ").Bind(rows_max_);
  return {};
}

}  // namespace gateway::store::search_sql
