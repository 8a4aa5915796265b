// Source: https://hl7.org/fhir/R4/search.html#uri
#include "gateway/store/search_sql/equality.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"

namespace gateway::store::search_sql {

fhir::Result<void> AppendUri(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion) {
  using fhir::search::Modifier;
  std::vector<std::string> uris;
  for (const auto& any : criterion.values) {
    const auto* value = std::get_if<fhir::search::UriValue>(&any);
    if (value == nullptr) {
      return UnexpectedValue(criterion);
    }
    uris.push_back(EqualityText(value->uri));
  }
  if (criterion.modifier == Modifier::kNone || criterion.modifier == Modifier::kNot) {
    AppendOneOf(sql, alias, "uri", std::move(uris));
    return {};
  }
  if (criterion.modifier != Modifier::kAbove && criterion.modifier != Modifier::kBelow) {
    return UnsupportedModifier(criterion);
  }
  sql << "(";
  for (std::size_t i = 0; i < uris.size(); ++i) {
    sql << (i == 0 ? "" : " OR ");
    if (criterion.modifier == Modifier::kBelow) {
      (sql << alias << ".uri ^@ ").Bind(std::move(uris[i]));
    } else {
      sql.Bind(std::move(uris[i])) << " ^@ " << alias << ".uri";
    }
  }
  sql << ")";
  return {};
}

}  // namespace gateway::store::search_sql
