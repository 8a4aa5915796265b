// Source: https://hl7.org/fhir/R4/search.html#quantity
#include <string>

#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"

namespace gateway::store::search_sql {

void AppendQuantityValue(SqlText& sql, std::string_view alias, std::string_view unit_system, std::string_view unit_code,
                         const fhir::search::QuantityValue& value) {
  const std::string column = std::string(alias) + ".";
  sql << "(";
  if (value.base) {
    AppendNumberRange(sql, column + "base_low", column + "base_high", *value.base);
    // The condition of the partial index, which a parameter does not imply.
    (sql << " AND " << column << "base_unit <> '' AND " << column << "base_unit = ")
        .Bind(EqualityText(value.base_unit));
    sql << ")";
    return;
  }
  AppendNumberRange(sql, column + "low", column + "high", value.number);
  if (value.system) {
    (sql << " AND " << column << unit_system << " = ").Bind(EqualityText(*value.system));
  }
  if (value.code) {
    (sql << " AND " << (value.system ? "" : "(") << column << unit_code << " = ").Bind(EqualityText(*value.code));
    if (!value.system) {
      (sql << " OR " << column << "unit = ").Bind(EqualityText(*value.code)) << ")";
    }
  }
  sql << ")";
}

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
    sql << (i == 0 ? "" : " OR ");
    AppendQuantityValue(sql, alias, "system", "code", *value);
  }
  sql << ")";
  return {};
}

}  // namespace gateway::store::search_sql
