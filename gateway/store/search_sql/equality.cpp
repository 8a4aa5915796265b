#include "gateway/store/search_sql/equality.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using fhir::search::Criterion;
using fhir::search::Modifier;

void SortOut(std::vector<std::string>& values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
}

std::optional<Equality> OfTokens(const Criterion& criterion) {
  std::map<std::optional<std::string>, std::vector<std::string>> codes_by_system;
  for (const auto& any : criterion.values) {
    const auto* value = std::get_if<fhir::search::TokenValue>(&any);
    if (value == nullptr || !value->code) {
      return std::nullopt;
    }
    std::optional<std::string> system;
    if (value->system) {
      system = EqualityText(*value->system);
    }
    codes_by_system[std::move(system)].push_back(EqualityText(*value->code));
  }
  Equality equality{.column = "code", .values = {}, .systems = {}, .target_type = {}};
  for (auto& [system, codes] : codes_by_system) {
    SortOut(codes);
    if (equality.values.empty()) {
      equality.values = codes;
    } else if (equality.values != codes || !equality.systems) {
      return std::nullopt;
    }
    if (system) {
      equality.systems = equality.systems.value_or(std::vector<std::string>());
      equality.systems->push_back(*system);
    }
  }
  return equality;
}

std::optional<Equality> OfReferences(const Criterion& criterion) {
  std::optional<Equality> equality;
  for (const auto& any : criterion.values) {
    const auto* value = std::get_if<fhir::search::ReferenceValue>(&any);
    if (value == nullptr) {
      return std::nullopt;
    }
    Equality one{.column = "target", .values = {}, .systems = {}, .target_type = {}};
    if (value->id.empty()) {
      one.target_type = 0;
      one.values.push_back(EqualityText(value->url));
    } else {
      one.values.push_back(EqualityText(value->id));
      one.local = value->type.empty();
      if (!one.local) {
        one.target_type = TypeCode(fhir::metadata::Definitions::R4().FindType(value->type));
        if (*one.target_type <= 0) {
          return std::nullopt;
        }
      }
    }
    if (!equality) {
      equality = std::move(one);
    } else if (equality->target_type != one.target_type || equality->local != one.local) {
      return std::nullopt;
    } else {
      equality->values.push_back(std::move(one.values.front()));
    }
  }
  if (equality) {
    SortOut(equality->values);
  }
  return equality;
}

std::optional<Equality> OfUris(const Criterion& criterion) {
  Equality equality{.column = "uri", .values = {}, .systems = {}, .target_type = {}};
  for (const auto& any : criterion.values) {
    const auto* value = std::get_if<fhir::search::UriValue>(&any);
    if (value == nullptr) {
      return std::nullopt;
    }
    equality.values.push_back(EqualityText(value->uri));
  }
  SortOut(equality.values);
  return equality;
}

}  // namespace

std::optional<Equality> EqualityOf(const Criterion& criterion) {
  const bool plain = criterion.modifier == Modifier::kNone || criterion.modifier == Modifier::kIdentifier;
  if (criterion.kind != fhir::search::CriterionKind::kParameter || !plain || criterion.values.empty()) {
    return std::nullopt;
  }
  switch (RowType(criterion)) {
    case fhir::metadata::SearchType::kToken:
      return OfTokens(criterion);
    case fhir::metadata::SearchType::kReference:
      return OfReferences(criterion);
    case fhir::metadata::SearchType::kUri:
      return OfUris(criterion);
    default:
      return std::nullopt;
  }
}

void AppendEquality(SqlText& sql, std::string_view alias, const Equality& equality, std::string_view value) {
  sql << "(";
  if (equality.systems) {
    AppendOneOf(sql, alias, "system", *equality.systems);
    sql << " AND ";
  }
  if (equality.target_type) {
    sql << alias << ".target_type = " << *equality.target_type << " AND ";
  } else if (equality.local) {
    sql << alias << ".target_type <> 0 AND ";
  }
  if (value.empty()) {
    AppendOneOf(sql, alias, equality.column, equality.values);
  } else {
    sql << alias << "." << equality.column << " = " << value;
  }
  sql << ")";
}

void AppendOneOf(SqlText& sql, std::string_view alias, std::string_view column, std::vector<std::string> values) {
  sql << alias << "." << column << " = ";
  if (values.size() == 1) {
    sql.Bind(std::move(values.front()));
    return;
  }
  (sql << "ANY (").Bind(std::move(values)) << ")";
}

}  // namespace gateway::store::search_sql
