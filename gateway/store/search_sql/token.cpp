// Source: https://hl7.org/fhir/R4/search.html#token
#include <map>
#include <optional>

#include "fhir/base/text.hpp"
#include "gateway/store/search_sql/equality.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"

namespace gateway::store::search_sql {
namespace {

// The parser keeps "type|value" of system|type|value as the code: rows do not know the system of the type.
fhir::Result<void> AppendOfType(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion) {
  sql << "(";
  for (std::size_t i = 0; i < criterion.values.size(); ++i) {
    const auto* value = std::get_if<fhir::search::TokenValue>(&criterion.values[i]);
    if (value == nullptr || !value->code) {
      return UnexpectedValue(criterion);
    }
    const std::size_t bar = value->code->find('|');
    sql << (i == 0 ? "(" : " OR (");
    (sql << alias << ".identifier_type = ").Bind(EqualityText(value->code->substr(0, bar)));
    (sql << " AND " << alias << ".code = ")
        .Bind(EqualityText(bar == std::string::npos ? std::string() : value->code->substr(bar + 1)));
    sql << ")";
  }
  sql << ")";
  return {};
}

// What people read, folded on both sides.
fhir::Result<void> AppendTokenText(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion) {
  sql << "(";
  for (std::size_t i = 0; i < criterion.values.size(); ++i) {
    const auto* value = std::get_if<fhir::search::StringValue>(&criterion.values[i]);
    if (value == nullptr) {
      return UnexpectedValue(criterion);
    }
    (sql << (i == 0 ? "" : " OR ") << alias << ".text ^@ ").Bind(PrefixText(fhir::Fold(value->text)));
  }
  // A value that folds to nothing begins every text, also that of rows without one.
  sql << ") AND " << alias << ".text <> ''";
  return {};
}

}  // namespace

fhir::Result<void> AppendToken(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion) {
  using fhir::search::Modifier;
  if (criterion.modifier == Modifier::kOfType) {
    return AppendOfType(sql, alias, criterion);
  }
  if (criterion.modifier == Modifier::kText) {
    return AppendTokenText(sql, alias, criterion);
  }
  if (criterion.modifier != Modifier::kNone && criterion.modifier != Modifier::kNot &&
      criterion.modifier != Modifier::kIdentifier) {
    return UnsupportedModifier(criterion);
  }
  if (const auto equality = EqualityOf(criterion)) {
    AppendEquality(sql, alias, *equality);
    return {};
  }
  // Values of one system share one array: a list of a hundred codes stays one index condition.
  std::map<std::optional<std::string>, std::vector<std::string>> codes_by_system;
  std::vector<std::string> whole_systems;
  for (const auto& any : criterion.values) {
    const auto* value = std::get_if<fhir::search::TokenValue>(&any);
    if (value == nullptr) {
      return UnexpectedValue(criterion);
    }
    std::optional<std::string> system;
    if (value->system) {
      system = EqualityText(*value->system);
    }
    if (value->code) {
      codes_by_system[system].push_back(EqualityText(*value->code));
    } else if (system) {
      whole_systems.push_back(*std::move(system));
    }
  }
  sql << "(";
  bool first = true;
  for (auto& [system, codes] : codes_by_system) {
    sql << (first ? "" : " OR ");
    first = false;
    if (system) {
      (sql << "(" << alias << ".system = ").Bind(*system) << " AND ";
    }
    AppendOneOf(sql, alias, "code", std::move(codes));
    sql << (system ? ")" : "");
  }
  if (!whole_systems.empty()) {
    sql << (first ? "" : " OR ");
    first = false;
    AppendOneOf(sql, alias, "system", std::move(whole_systems));
  }
  sql << (first ? "false)" : ")");
  return {};
}

}  // namespace gateway::store::search_sql
