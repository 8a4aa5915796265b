// Source: https://hl7.org/fhir/R4/search.html#reference
#include <map>

#include "gateway/store/search_sql/equality.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

// Values that differ in the id alone share one array; an absolute URL counts as a type of its own, 0.
constexpr int kAnyTargetType = -2;

}  // namespace

void AppendReferenceValue(SqlText& sql, std::string_view alias, const fhir::search::ReferenceValue& value) {
  sql << "(" << alias << ".target_type ";
  if (value.id.empty()) {
    sql << "= 0";
  } else if (value.type.empty()) {
    sql << "<> 0";
  } else {
    sql << "= " << TypeCode(fhir::metadata::Definitions::R4().FindType(value.type));
  }
  (sql << " AND " << alias << ".target = ").Bind(EqualityText(value.id.empty() ? value.url : value.id)) << ")";
}

fhir::Result<void> AppendReference(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion) {
  using fhir::search::Modifier;
  if (criterion.modifier != Modifier::kNone && criterion.modifier != Modifier::kNot) {
    return UnsupportedModifier(criterion);
  }
  if (const auto equality = EqualityOf(criterion)) {
    AppendEquality(sql, alias, *equality);
    return {};
  }
  std::map<int, std::vector<std::string>> targets_by_type;
  for (const auto& any : criterion.values) {
    const auto* value = std::get_if<fhir::search::ReferenceValue>(&any);
    if (value == nullptr) {
      return UnexpectedValue(criterion);
    }
    if (value->id.empty()) {
      targets_by_type[0].push_back(EqualityText(value->url));
    } else if (value->type.empty()) {
      targets_by_type[kAnyTargetType].push_back(EqualityText(value->id));
    } else {
      const auto type = fhir::metadata::Definitions::R4().FindType(value->type);
      if (const int code = TypeCode(type); code > 0) {
        targets_by_type[code].push_back(EqualityText(value->id));
      }
    }
  }
  sql << "(";
  bool first = true;
  for (auto& [code, targets] : targets_by_type) {
    sql << (first ? "" : " OR ");
    first = false;
    if (code == kAnyTargetType) {
      sql << "(" << alias << ".target_type <> 0";
    } else {
      sql << "(" << alias << ".target_type = " << code;
    }
    sql << " AND ";
    AppendOneOf(sql, alias, "target", std::move(targets));
    sql << ")";
  }
  sql << (first ? "false)" : ")");
  return {};
}

}  // namespace gateway::store::search_sql
