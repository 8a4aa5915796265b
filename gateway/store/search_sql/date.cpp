// Dates compare as half-open ranges. With the search value [v, w) and the stored range [l, h):
// Source: https://hl7.org/fhir/R4/search.html#prefix
#include "gateway/store/search_sql/value_conditions.hpp"

namespace gateway::store::search_sql {

void AppendDateRange(SqlText& sql, std::string_view low, std::string_view high, const fhir::search::DateValue& value) {
  using fhir::search::Prefix;
  switch (value.prefix) {
    case Prefix::kEq:  // the search range contains the stored one
      (sql << "(" << low << " >= ").Bind(value.low_us) << " AND " << high << " <= ";
      sql.Bind(value.high_us) << ")";
      return;
    case Prefix::kNe:
      (sql << "(" << low << " < ").Bind(value.low_us) << " OR " << high << " > ";
      sql.Bind(value.high_us) << ")";
      return;
    case Prefix::kGt:  // a part of the stored range lies after the search range
      (sql << high << " > ").Bind(value.high_us);
      return;
    case Prefix::kLt:
      (sql << low << " < ").Bind(value.low_us);
      return;
    case Prefix::kGe:  // gt or eq, which comes to this for ranges that are not empty
      (sql << "(" << high << " > ").Bind(value.high_us) << " OR " << low << " >= ";
      sql.Bind(value.low_us) << ")";
      return;
    case Prefix::kLe:
      (sql << "(" << low << " < ").Bind(value.low_us) << " OR " << high << " <= ";
      sql.Bind(value.high_us) << ")";
      return;
    case Prefix::kSa:  // the whole stored range lies after
      (sql << low << " >= ").Bind(value.high_us);
      return;
    case Prefix::kEb:
      (sql << high << " <= ").Bind(value.low_us);
      return;
    case Prefix::kAp:  // overlap; the parser has widened the search range
      (sql << "(" << low << " < ").Bind(value.high_us) << " AND " << high << " > ";
      sql.Bind(value.low_us) << ")";
      return;
  }
}

fhir::Result<void> AppendDate(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion) {
  if (criterion.modifier != fhir::search::Modifier::kNone) {
    return UnsupportedModifier(criterion);
  }
  const std::string low = std::string(alias) + ".low";
  const std::string high = std::string(alias) + ".high";
  sql << "(";
  for (std::size_t i = 0; i < criterion.values.size(); ++i) {
    const auto* value = std::get_if<fhir::search::DateValue>(&criterion.values[i]);
    if (value == nullptr) {
      return UnexpectedValue(criterion);
    }
    sql << (i == 0 ? "" : " OR ");
    AppendDateRange(sql, low, high, *value);
  }
  sql << ")";
  return {};
}

}  // namespace gateway::store::search_sql
