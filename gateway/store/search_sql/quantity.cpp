// Source: https://hl7.org/fhir/R4/search.html#quantity
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"

namespace gateway::store::search_sql {

fhir::Result<void> AppendQuantity(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion) {
  if (criterion.modifier != fhir::search::Modifier::kNone) {
    return UnsupportedModifier(criterion);
  }
  sql << "(";
  for (std::size_t i = 0; i < criterion.values.size(); ++i) {
    const auto* value = std::get_if<fhir::search::QuantityValue>(&criterion.values[i]);
    if (value == nullptr) {
      return UnexpectedValue(criterion);
    }
    sql << (i == 0 ? "(" : " OR (");
    AppendNumberRange(sql, alias, value->number);
    if (value->system) {
      (sql << " AND " << alias << ".system = ").Bind(EqualityText(*value->system));
    }
    if (value->code) {
      (sql << " AND " << alias << ".code = ").Bind(EqualityText(*value->code));
    }
    sql << ")";
  }
  sql << ")";
  return {};
}

}  // namespace gateway::store::search_sql
