// Source: https://hl7.org/fhir/R4/search.html#string
#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "fhir/base/text.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"

namespace gateway::store::search_sql {
namespace {

std::size_t CharacterCount(std::string_view utf8) {
  return static_cast<std::size_t>(
      std::count_if(utf8.begin(), utf8.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

}  // namespace

fhir::Result<void> AppendString(SqlText& sql, std::string_view alias, const fhir::search::Criterion& criterion) {
  using fhir::search::Modifier;
  const auto modifier = criterion.modifier == Modifier::kNot ? Modifier::kNone : criterion.modifier;
  if (modifier != Modifier::kNone && modifier != Modifier::kExact && modifier != Modifier::kContains &&
      modifier != Modifier::kEquals && modifier != Modifier::kEndsWith) {
    return UnsupportedModifier(criterion);
  }
  sql << "(";
  for (std::size_t i = 0; i < criterion.values.size(); ++i) {
    const auto* value = std::get_if<fhir::search::StringValue>(&criterion.values[i]);
    if (value == nullptr) {
      return UnexpectedValue(criterion);
    }
    sql << (i == 0 ? "" : " OR ");
    std::string folded = PrefixText(fhir::Fold(value->text));
    if (modifier == Modifier::kNone) {
      // On a column of collation "C" the operator becomes a range of the B-tree.
      (sql << alias << ".folded ^@ ").Bind(std::move(folded));
    } else if (modifier == Modifier::kEquals) {
      (sql << alias << ".folded = ").Bind(std::move(folded));
    } else if (modifier == Modifier::kEndsWith) {
      const auto characters = static_cast<std::int64_t>(CharacterCount(folded));
      (sql << "right(" << alias << ".folded, ").Bind(characters) << "::int) = ";
      sql.Bind(std::move(folded));
    } else if (modifier == Modifier::kContains) {
      (sql << "strpos(" << alias << ".folded, ").Bind(std::move(folded)) << ") > 0";
    } else {
      (sql << "(" << alias << ".folded = ").Bind(std::move(folded)) << " AND " << alias << ".exact = ";
      sql.Bind(PlainText(value->text)) << ")";
    }
  }
  sql << ")";
  return {};
}

}  // namespace gateway::store::search_sql
