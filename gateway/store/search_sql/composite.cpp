// Components of one row of idx_composite. The first component of a type stands in the columns of that type's own name,
// a second one in those with a 2.
// Source: https://hl7.org/fhir/R4/search.html#composite
#include "fhir/search/types/composite.hpp"
#include "fhir/base/text.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"

namespace gateway::store::search_sql {
namespace {

struct ComponentCondition {
  SqlText& sql;
  std::string_view alias;
  std::size_t slot;

  std::string Column(std::string_view name) const {
    return std::string(alias) + "." + std::string(name) + (slot == 0 ? "" : "2");
  }

  bool operator()(const fhir::search::TokenValue& value) const {
    sql << "(true";
    if (value.code) {
      (sql << " AND " << Column("code") << " = ").Bind(EqualityText(*value.code));
    }
    if (value.system) {
      (sql << " AND " << Column("system") << " = ").Bind(EqualityText(*value.system));
    }
    sql << ")";
    return true;
  }
  bool operator()(const fhir::search::QuantityValue& value) const {
    AppendQuantityValue(sql, alias, "unit_system", "unit_code", value);
    return true;
  }
  bool operator()(const fhir::search::NumberValue& value) const {
    AppendNumberRange(sql, Column("low"), Column("high"), value);
    return true;
  }
  bool operator()(const fhir::search::DateValue& value) const {
    AppendDateRange(sql, Column("start_us"), Column("end_us"), value);
    return true;
  }
  bool operator()(const fhir::search::StringValue& value) const {
    (sql << Column("folded") << " ^@ ").Bind(PrefixText(fhir::Fold(value.text)));
    return true;
  }
  bool operator()(const fhir::search::ReferenceValue& value) const {
    AppendReferenceValue(sql, alias, value);
    return true;
  }
  bool operator()(const fhir::search::UriValue&) const { return false; }
  bool operator()(const fhir::search::NearValue&) const { return false; }
};

}  // namespace

fhir::Result<void> AppendComposite(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion) {
  if (criterion.modifier != fhir::search::Modifier::kNone) {
    return UnsupportedModifier(criterion);
  }
  const auto components = fhir::metadata::ComponentsOf(*criterion.parameter);
  sql << "(";
  for (std::size_t i = 0; i < criterion.values.size(); ++i) {
    const auto* value = std::get_if<fhir::search::CompositeValue>(&criterion.values[i]);
    if (value == nullptr || value->components.size() != components.size()) {
      return UnexpectedValue(criterion);
    }
    sql << (i == 0 ? "(" : " OR (");
    for (std::size_t part = 0; part < components.size(); ++part) {
      sql << (part == 0 ? "" : " AND ");
      const ComponentCondition condition{sql, alias, fhir::search::ComponentSlot(components, part)};
      if (!std::visit(condition, value->components[part])) {
        return UnexpectedValue(criterion);
      }
    }
    sql << ")";
  }
  sql << ")";
  return {};
}

}  // namespace gateway::store::search_sql
