// What criteria mean of contained resources where it is not a matter of index rows.
#include "fhir/search/query.hpp"
#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {

using fhir::search::Criterion;

// The id that it has within its container: what stands behind the '#' of its name.
fhir::Result<void> Compiler::AppendContainedIds(const Scope& scope, const Criterion& criterion) {
  std::vector<std::string> ids;
  for (const auto& any : criterion.values) {
    const auto* value = std::get_if<fhir::search::TokenValue>(&any);
    if (value == nullptr) {
      return UnexpectedValue(criterion);
    }
    ids.push_back(EqualityText(value->code.value_or("")));
  }
  sql_ << (criterion.modifier == fhir::search::Modifier::kNot ? "NOT " : "");
  (sql_ << "split_part(" << scope.alias << ".id, '#', 2) = ANY (").Bind(std::move(ids)) << ")";
  return {};
}

// It was last updated when its container was.
fhir::Result<void> Compiler::AppendContainerUpdated(const Scope& scope, const Criterion& criterion) {
  const std::string inside = sql_.NewAlias();
  const std::string container = sql_.NewAlias();
  sql_ << "EXISTS (SELECT 1 FROM contained_resource " << inside << " JOIN resource_version " << container << " ON "
       << container << ".type = " << inside << ".container_type AND " << container << ".id = " << inside
       << ".container_id WHERE ";
  AppendType(inside, scope.type);
  AppendSameResource(inside, scope);
  AppendCounts(sql_, inside);
  AppendCounts(sql_, container);
  sql_ << " AND NOT " << container << ".deleted AND (";
  const std::string column = container + ".last_updated";
  const std::string after = "(" + column + " + 1)";
  for (std::size_t i = 0; i < criterion.values.size(); ++i) {
    const auto* value = std::get_if<fhir::search::DateValue>(&criterion.values[i]);
    if (value == nullptr) {
      return UnexpectedValue(criterion);
    }
    sql_ << (i == 0 ? "" : " OR ");
    AppendDateRange(sql_, column, after, *value);
  }
  sql_ << "))";
  return {};
}

// "SELECT type, id" of all that there are of a type, by the rows that count.
void Compiler::AppendEachOf(fhir::metadata::TypeId type) {
  const int code = TypeCode(type);
  if (rows_ != Rows::kContained) {
    const std::string own = sql_.NewAlias();
    sql_ << "SELECT " << own << ".type, " << own << ".id FROM resource_version " << own << " WHERE " << own
         << ".type = " << code;
    AppendCounts(sql_, own);
    sql_ << " AND NOT " << own << ".deleted";
  }
  sql_ << (rows_ == Rows::kEither ? " UNION ALL " : "");
  if (rows_ != Rows::kOwn) {
    const std::string inside = sql_.NewAlias();
    sql_ << "SELECT " << inside << ".type, " << inside << ".id FROM contained_resource " << inside << " WHERE "
         << inside << ".type = " << -code;
    AppendCounts(sql_, inside);
  }
}

// "(EXISTS (…) OR EXISTS (…))": the id is one of AppendEachOf.
void Compiler::AppendIsThere(const Scope& scope) {
  const int code = TypeCode(scope.type);
  std::string_view separator = "(";
  if (rows_ != Rows::kContained) {
    const std::string own = sql_.NewAlias();
    sql_ << separator << "EXISTS (SELECT 1 FROM resource_version " << own << " WHERE " << own << ".type = " << code
         << " AND " << own << ".id = " << scope.alias << ".id";
    AppendCounts(sql_, own);
    sql_ << " AND NOT " << own << ".deleted)";
    separator = " OR ";
  }
  if (rows_ != Rows::kOwn) {
    const std::string inside = sql_.NewAlias();
    sql_ << separator << "EXISTS (SELECT 1 FROM contained_resource " << inside << " WHERE " << inside
         << ".type = " << -code << " AND " << inside << ".id = " << scope.alias << ".id";
    AppendCounts(sql_, inside);
    sql_ << ")";
  }
  sql_ << ")";
}

}  // namespace gateway::store::search_sql
