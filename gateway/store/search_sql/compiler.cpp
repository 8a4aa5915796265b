#include "gateway/store/search_sql/compiler.hpp"

#include <algorithm>

#include "fhir/search/answering_rows.hpp"
#include "gateway/store/search_sql/equality.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using fhir::search::Criterion;
using fhir::search::CriterionKind;

bool Negated(const Criterion& criterion) {
  return criterion.kind == CriterionKind::kParameter && criterion.modifier == fhir::search::Modifier::kNot;
}

bool IsFullText(const fhir::metadata::SearchParameter& parameter) {
  return parameter.code == "_text" || parameter.code == "_content";
}

}  // namespace

fhir::Result<void> Compiler::AppendCriteria(const Scope& scope, std::span<const Criterion> criteria) {
  for (const auto& criterion : criteria) {
    sql_ << " AND ";
    GW_TRY(AppendOne(scope, criterion));
  }
  return {};
}

fhir::Result<void> Compiler::AppendOne(const Scope& scope, const Criterion& criterion) {
  switch (criterion.kind) {
    case CriterionKind::kNever:
      sql_ << "false";
      return {};
    case CriterionKind::kId: {
      if (rows_ == Rows::kContained) {
        return AppendContainedIds(scope, criterion);
      }
      std::vector<std::string> ids;
      for (const auto& any : criterion.values) {
        const auto* value = std::get_if<fhir::search::TokenValue>(&any);
        if (value == nullptr) {
          return UnexpectedValue(criterion);
        }
        ids.push_back(EqualityText(value->code.value_or("")));
      }
      sql_ << (criterion.modifier == fhir::search::Modifier::kNot ? "NOT " : "");
      (sql_ << scope.alias << ".id = ANY (").Bind(std::move(ids)) << ")";
      return {};
    }
    case CriterionKind::kLastUpdated: {
      if (rows_ == Rows::kContained) {
        return AppendContainerUpdated(scope, criterion);
      }
      std::string alias(scope.alias);
      const bool own_rows = scope.versions && sql_.as_of() == nullptr;
      if (!own_rows) {
        alias = sql_.NewAlias();
        const bool any_type = scope.type == fhir::metadata::kNoType;
        sql_ << (any_type ? "(" : "");
        if (any_type) {
          sql_ << scope.alias << ".type, ";
        }
        sql_ << scope.alias << ".id" << (any_type ? ")" : "") << " IN (";
        AppendSelect(alias, scope.type);
        sql_ << " FROM resource_version " << alias << " WHERE ";
        AppendType(alias, scope.type);
        AppendCounts(sql_, alias);
        sql_ << " AND ";
      }
      const std::string column = alias + ".last_updated";
      // An instant is a range of one microsecond.
      const std::string after = "(" + column + " + 1)";
      sql_ << "(";
      for (std::size_t i = 0; i < criterion.values.size(); ++i) {
        const auto* value = std::get_if<fhir::search::DateValue>(&criterion.values[i]);
        if (value == nullptr) {
          return UnexpectedValue(criterion);
        }
        sql_ << (i == 0 ? "" : " OR ");
        AppendDateRange(sql_, column, after, *value);
      }
      sql_ << (own_rows ? ")" : "))");
      return {};
    }
    case CriterionKind::kMissing:
      return AppendMissing(scope, criterion);
    case CriterionKind::kAll:
    case CriterionKind::kAny:
    case CriterionKind::kNone:
      return AppendGroup(scope, criterion);
    case CriterionKind::kFullText:
      if (criterion.parameter == nullptr) {
        return UnexpectedValue(criterion);
      }
      break;
    case CriterionKind::kCompartment:
      if (!criterion.compartment) {
        return UnexpectedValue(criterion);
      }
      if (!YieldsIds(scope.type, criterion)) {
        return AppendCompartment(scope, *criterion.compartment);
      }
      break;
    case CriterionKind::kParameter:
      if (criterion.parameter == nullptr) {
        return UnexpectedValue(criterion);
      }
      if (criterion.values.empty()) {
        sql_ << "false";
        return {};
      }
      if (Negated(criterion) || scope.one_by_one) {
        // Negated: resources without any value match too.
        const std::string alias = sql_.NewAlias();
        sql_ << (Negated(criterion) ? "NOT EXISTS (SELECT 1" : "EXISTS (SELECT 1");
        AppendHeadRows(alias, scope.type, criterion.parameter->id, RowType(criterion));
        AppendSameResource(alias, scope);
        sql_ << " AND ";
        GW_TRY(AppendRowCondition(alias, criterion));
        sql_ << (scope.one_by_one ? " OFFSET 0)" : ")");
        return {};
      }
      break;
    case CriterionKind::kChain:
    case CriterionKind::kHas:
      break;
  }
  return AppendIn(scope, criterion);
}

fhir::Result<void> Compiler::AppendIn(const Scope& scope, const Criterion& criterion) {
  if (scope.type == fhir::metadata::kNoType) {
    sql_ << "(" << scope.alias << ".type, " << scope.alias << ".id) IN (";
  } else {
    sql_ << scope.alias << ".id IN (";
  }
  const bool bounded = !walked_to_.empty() && scope.alias == walked_ && scope.type != fhir::metadata::kNoType;
  sql_ << (bounded ? "SELECT b.id FROM (" : "");
  GW_TRY(AppendIdSet(scope.type, criterion));
  if (bounded) {
    (sql_ << ") b(id) WHERE b.id" << (direction_ == Direction::kAfter ? " > " : " < ")).Bind(std::string(walked_to_));
  }
  sql_ << ")";
  return {};
}

fhir::Result<void> Compiler::AppendMissing(const Scope& scope, const Criterion& criterion) {
  if (criterion.parameter == nullptr) {
    return UnexpectedValue(criterion);
  }
  const auto exists = [&](const auto& append_rows) {
    const std::string alias = sql_.NewAlias();
    sql_ << "EXISTS (SELECT 1";
    append_rows(alias);
    AppendSameResource(alias, scope);
    sql_ << ")";
  };
  const auto rows_of = [&](fhir::metadata::SearchType table) {
    exists([&](const std::string& alias) { AppendHeadRows(alias, scope.type, criterion.parameter->id, table); });
  };
  const auto table = RowType(criterion);
  sql_ << (criterion.missing ? "NOT " : "");
  if (IsFullText(*criterion.parameter)) {
    exists([&](const std::string& alias) { AppendTextRows(alias, scope.type, *criterion.parameter); });
  } else if (table == fhir::metadata::SearchType::kReference) {
    // A reference may have an identifier alone.
    sql_ << "(";
    rows_of(table);
    sql_ << " OR ";
    rows_of(fhir::metadata::SearchType::kToken);
    sql_ << ")";
  } else {
    rows_of(table);
  }
  return {};
}

fhir::Result<void> Compiler::AppendGroup(const Scope& scope, const Criterion& group) {
  if (YieldsIds(scope.type, group)) {
    return AppendIn(scope, group);
  }
  const bool all = group.kind == CriterionKind::kAll;
  sql_ << (group.kind == CriterionKind::kNone ? "NOT (" : "(");
  if (group.parts.empty()) {
    sql_ << (all ? "true" : "false");
  }
  for (std::size_t i = 0; i < group.parts.size(); ++i) {
    sql_ << (i == 0 ? "" : all ? " AND " : " OR ");
    GW_TRY(AppendOne(scope, group.parts[i]));
  }
  sql_ << ")";
  return {};
}

// Of the type that the compartment is named after, or of several types: what refers to that resource, or it itself.
fhir::Result<void> Compiler::AppendCompartment(const Scope& scope, const fhir::search::Compartment& compartment) {
  const bool any_type = scope.type == fhir::metadata::kNoType;
  sql_ << "(";
  if (any_type) {
    sql_ << "(" << scope.alias << ".type, " << scope.alias << ".id) IN (";
  } else {
    sql_ << scope.alias << ".id IN (";
  }
  GW_TRY(AppendCompartmentSet(scope.type, compartment));
  sql_ << ") OR (";
  if (any_type) {
    sql_ << scope.alias << ".type = " << TypeCode(compartment.type) << " AND ";
  }
  (sql_ << scope.alias << ".id = ").Bind(EqualityText(compartment.id)) << "))";
  return {};
}

void Compiler::AppendSelect(std::string_view alias, fhir::metadata::TypeId type) {
  sql_ << "SELECT ";
  if (type == fhir::metadata::kNoType) {
    sql_ << alias << ".type, ";
  }
  sql_ << alias << ".id";
}

// " = N" by the rows that count.
void Compiler::AppendCode(fhir::metadata::TypeId type) {
  const int code = TypeCode(type);
  if (rows_ == Rows::kEither) {
    sql_ << " IN (" << code << ", " << -code << ")";
  } else {
    sql_ << " = " << (rows_ == Rows::kContained ? -code : code);
  }
}

void Compiler::AppendSameResource(std::string_view alias, const Scope& scope) {
  sql_ << " AND " << alias << ".id = " << scope.alias << ".id";
  if (scope.type == fhir::metadata::kNoType) {
    sql_ << " AND " << alias << ".type = " << scope.alias << ".type";
  }
}

void Compiler::AppendType(std::string_view alias, fhir::metadata::TypeId type) {
  if (type != fhir::metadata::kNoType) {
    sql_ << alias << ".type";
    AppendCode(type);
    return;
  }
  std::vector<std::int64_t> codes;
  for (const auto one : types_) {
    if (rows_ != Rows::kContained) {
      codes.push_back(TypeCode(one));
    }
    if (rows_ != Rows::kOwn) {
      codes.push_back(-TypeCode(one));
    }
  }
  (sql_ << alias << ".type = ANY (").Bind(std::move(codes)) << ")";
}

void Compiler::AppendHeadRows(std::string_view alias, fhir::metadata::TypeId type, std::uint16_t parameter,
                              fhir::metadata::SearchType table) {
  const auto rows = fhir::search::RowsAnswering(type, parameter, table);
  AppendRowsOf(alias, type, rows.parameters, rows.target, table);
}

void Compiler::AppendRowsOf(std::string_view alias, fhir::metadata::TypeId type,
                            std::span<const std::uint16_t> parameters, fhir::metadata::TypeId target,
                            fhir::metadata::SearchType table) {
  AppendHeadRowsOf(alias, type, parameters, IndexTable(table));
  if (table == fhir::metadata::SearchType::kToken) {
    AppendHidden(alias, type);
  }
  AppendLeadsTo(sql_, alias, target);
}

void Compiler::AppendHeadRowsOf(std::string_view alias, fhir::metadata::TypeId type,
                                std::span<const std::uint16_t> parameters, std::string_view table) {
  sql_ << " FROM " << table << " " << alias << " WHERE ";
  AppendType(alias, type);
  if (parameters.size() == 1) {
    sql_ << " AND " << alias << ".parameter = " << parameters[0];
  } else if (!parameters.empty()) {
    sql_ << " AND " << alias << ".parameter IN (";
    for (std::size_t i = 0; i < parameters.size(); ++i) {
      sql_ << (i == 0 ? "" : ", ") << parameters[i];
    }
    sql_ << ")";
  }
  AppendCounts(sql_, alias);
}

fhir::Result<void> Compiler::AppendRowCondition(std::string_view alias, const Criterion& criterion,
                                                std::string_view value) {
  if (!value.empty()) {
    const auto equality = EqualityOf(criterion);
    if (!equality) {
      return UnexpectedValue(criterion);
    }
    AppendEquality(sql_, alias, *equality, value);
    return {};
  }
  switch (RowType(criterion)) {
    case fhir::metadata::SearchType::kString:
      return AppendString(sql_, alias, criterion);
    case fhir::metadata::SearchType::kToken:
      return AppendToken(sql_, alias, criterion);
    case fhir::metadata::SearchType::kReference:
      return AppendReference(sql_, alias, criterion);
    case fhir::metadata::SearchType::kDate:
      return AppendDate(sql_, alias, criterion);
    case fhir::metadata::SearchType::kNumber:
      return AppendNumber(sql_, alias, criterion);
    case fhir::metadata::SearchType::kQuantity:
      return AppendQuantity(sql_, alias, criterion);
    case fhir::metadata::SearchType::kUri:
      return AppendUri(sql_, alias, criterion);
    case fhir::metadata::SearchType::kComposite:
      return AppendComposite(sql_, alias, criterion);
    case fhir::metadata::SearchType::kSpecial:
      return AppendNear(sql_, alias, criterion);
  }
  return UnexpectedValue(criterion);
}

}  // namespace gateway::store::search_sql
