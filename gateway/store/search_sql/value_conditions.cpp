#include "gateway/store/search_sql/value_conditions.hpp"

#include <fmt/format.h>

#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {

std::unexpected<fhir::Error> UnsupportedModifier(const fhir::search::Criterion& criterion) {
  return fhir::Fail(fhir::ErrorCode::kUnsupported,
                    fmt::format("The modifier given for search parameter \"{}\" is not supported.",
                                criterion.parameter != nullptr ? criterion.parameter->code : ""));
}

std::unexpected<fhir::Error> UnexpectedValue(const fhir::search::Criterion& criterion) {
  return fhir::Fail(fhir::ErrorCode::kInternal,
                    {fmt::format("Search parameter \"{}\" cannot be evaluated.",
                                 criterion.parameter != nullptr ? criterion.parameter->code : "")},
                    {"a criterion holds a value of another search type than its parameter"});
}

void AppendLeadsTo(SqlText& sql, std::string_view alias, fhir::metadata::TypeId target) {
  if (target == fhir::metadata::kNoType) {
    return;
  }
  // Negative: a contained one. Of URLs as fhir::search::UrlNamesType.
  const int code = TypeCode(target);
  sql << " AND (" << alias << ".target_type IN (" << code << ", " << -code << ") OR (" << alias
      << ".target_type = 0 AND strpos(" << alias << ".target, '/" << fhir::metadata::Definitions::R4().TypeName(target)
      << "/') > 0))";
}

fhir::metadata::SearchType RowType(const fhir::search::Criterion& criterion) {
  if (criterion.parameter == nullptr) {
    return fhir::metadata::SearchType::kSpecial;
  }
  const bool identifier = criterion.kind == fhir::search::CriterionKind::kParameter &&
                          criterion.modifier == fhir::search::Modifier::kIdentifier &&
                          criterion.parameter->type == fhir::metadata::SearchType::kReference;
  return identifier ? fhir::metadata::SearchType::kToken : criterion.parameter->type;
}

const char* IndexTable(fhir::metadata::SearchType type) {
  switch (type) {
    case fhir::metadata::SearchType::kString:
      return "idx_string";
    case fhir::metadata::SearchType::kToken:
      return "idx_token";
    case fhir::metadata::SearchType::kReference:
      return "idx_reference";
    case fhir::metadata::SearchType::kDate:
      return "idx_date";
    case fhir::metadata::SearchType::kNumber:
      return "idx_number";
    case fhir::metadata::SearchType::kQuantity:
      return "idx_quantity";
    case fhir::metadata::SearchType::kUri:
      return "idx_uri";
    case fhir::metadata::SearchType::kComposite:
      return "idx_composite";
    case fhir::metadata::SearchType::kSpecial:
      return "idx_position";
  }
  return nullptr;
}

}  // namespace gateway::store::search_sql
