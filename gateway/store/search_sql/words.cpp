// Full-text search: words, "phrases in quotes", or between alternatives, a minus before what must not be there.
// Source: https://www.postgresql.org/docs/15/textsearch-controls.html
#include "fhir/base/text.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"

namespace gateway::store::search_sql {

fhir::Result<void> AppendWords(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion) {
  sql << "(";
  for (std::size_t i = 0; i < criterion.values.size(); ++i) {
    const auto* value = std::get_if<fhir::search::StringValue>(&criterion.values[i]);
    if (value == nullptr) {
      return UnexpectedValue(criterion);
    }
    (sql << (i == 0 ? "" : " OR ") << alias << ".document @@ search_words(").Bind(PlainText(fhir::Fold(value->text)))
        << ")";
  }
  sql << ")";
  return {};
}

}  // namespace gateway::store::search_sql
