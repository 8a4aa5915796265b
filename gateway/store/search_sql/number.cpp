// A stored number is a point, a stored Range has its limits. The search value stands for the range that its precision
// implies with eq, ne and ap, and for itself with the other prefixes, as in fhir/search/types/number.
// Source: https://hl7.org/fhir/R4/search.html#number, https://hl7.org/fhir/R4/search.html#prefix
#include "gateway/store/search_sql/value_conditions.hpp"

namespace gateway::store::search_sql {

void AppendNumberRange(SqlText& sql, std::string_view low, std::string_view high,
                       const fhir::search::NumberValue& value) {
  using fhir::search::Prefix;
  switch (value.prefix) {
    case Prefix::kEq:
      (sql << "(" << low << " >= ").BindDecimal(value.low) << " AND " << high << " <= ";
      sql.BindDecimal(value.high) << ")";
      return;
    case Prefix::kNe:
      (sql << "(" << low << " < ").BindDecimal(value.low) << " OR " << high << " > ";
      sql.BindDecimal(value.high) << ")";
      return;
    case Prefix::kGt:
      (sql << high << " > ").BindDecimal(value.exact);
      return;
    case Prefix::kLt:
      (sql << low << " < ").BindDecimal(value.exact);
      return;
    case Prefix::kGe:
      (sql << high << " >= ").BindDecimal(value.exact);
      return;
    case Prefix::kLe:
      (sql << low << " <= ").BindDecimal(value.exact);
      return;
    case Prefix::kSa:
      (sql << low << " > ").BindDecimal(value.exact);
      return;
    case Prefix::kEb:
      (sql << high << " < ").BindDecimal(value.exact);
      return;
    case Prefix::kAp:
      (sql << "(" << low << " < ").BindDecimal(value.high) << " AND " << high << " > ";
      sql.BindDecimal(value.low) << ")";
      return;
  }
}

fhir::Result<void> AppendNumber(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion) {
  if (criterion.modifier != fhir::search::Modifier::kNone) {
    return UnsupportedModifier(criterion);
  }
  const std::string low = std::string(alias) + ".low";
  const std::string high = std::string(alias) + ".high";
  sql << "(";
  for (std::size_t i = 0; i < criterion.values.size(); ++i) {
    const auto* value = std::get_if<fhir::search::NumberValue>(&criterion.values[i]);
    if (value == nullptr) {
      return UnexpectedValue(criterion);
    }
    sql << (i == 0 ? "" : " OR ");
    AppendNumberRange(sql, low, high, *value);
  }
  sql << ")";
  return {};
}

}  // namespace gateway::store::search_sql
