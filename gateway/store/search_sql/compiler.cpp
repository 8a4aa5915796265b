#include "gateway/store/search_sql/compiler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fhir/search/types/composite.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using fhir::search::Criterion;
using fhir::search::CriterionKind;

constexpr int kDepthMax = 5;

bool Negated(const Criterion& criterion) {
  return criterion.kind == CriterionKind::kParameter && criterion.modifier == fhir::search::Modifier::kNot;
}

// The table that answers: identifiers of references stand among the tokens.
fhir::metadata::SearchType RowType(const Criterion& criterion) {
  if (criterion.parameter == nullptr) {
    return fhir::metadata::SearchType::kSpecial;
  }
  const bool identifier = criterion.kind == CriterionKind::kParameter &&
                          criterion.modifier == fhir::search::Modifier::kIdentifier &&
                          criterion.parameter->type == fhir::metadata::SearchType::kReference;
  return identifier ? fhir::metadata::SearchType::kToken : criterion.parameter->type;
}

// Criteria that an index table can be read for, without a look at resource_version.
bool YieldsIds(const Criterion& criterion) {
  return (criterion.kind == CriterionKind::kParameter && !Negated(criterion) && criterion.parameter != nullptr &&
          !criterion.values.empty()) ||
         criterion.kind == CriterionKind::kChain || criterion.kind == CriterionKind::kHas;
}

bool IsGroup(const Criterion& criterion) {
  return criterion.kind == CriterionKind::kAll || criterion.kind == CriterionKind::kAny ||
         criterion.kind == CriterionKind::kNone;
}

bool MayChainBy(const adapters::port::Grant& grant, const Criterion& criterion) {
  if (IsGroup(criterion) && !criterion.parts.empty()) {
    return std::all_of(criterion.parts.begin(), criterion.parts.end(),
                       [&](const Criterion& part) { return MayChainBy(grant, part); });
  }
  return grant.chain_by.empty() ||
         (criterion.parameter != nullptr && criterion.kind != CriterionKind::kHas &&
          std::find(grant.chain_by.begin(), grant.chain_by.end(), criterion.parameter->code) != grant.chain_by.end());
}

constexpr std::uint16_t kNamedInChain = adapters::port::kChain | adapters::port::kSearch | adapters::port::kRead;

constexpr std::string_view kTextTable = "idx_text";

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
      return AppendFullText(scope, criterion);
    case CriterionKind::kCompartment:
      if (!criterion.compartment) {
        return UnexpectedValue(criterion);
      }
      return AppendCompartment(scope, *criterion.compartment);
    case CriterionKind::kParameter:
      if (criterion.parameter == nullptr) {
        return UnexpectedValue(criterion);
      }
      if (criterion.values.empty()) {
        sql_ << "false";
        return {};
      }
      if (Negated(criterion)) {
        // Resources without any value match too.
        const std::string alias = sql_.NewAlias();
        sql_ << "NOT EXISTS (SELECT 1";
        AppendHeadRows(alias, scope.type, criterion.parameter->id, RowType(criterion));
        AppendSameResource(alias, scope);
        sql_ << " AND ";
        GW_TRY(AppendRowCondition(alias, criterion));
        sql_ << ")";
        return {};
      }
      break;
    case CriterionKind::kChain:
    case CriterionKind::kHas:
      break;
  }
  if (scope.type == fhir::metadata::kNoType) {
    sql_ << "(" << scope.alias << ".type, " << scope.alias << ".id) IN (";
  } else {
    sql_ << scope.alias << ".id IN (";
  }
  const bool bounded = !walked_to_.empty() && scope.alias == "r" && scope.type != fhir::metadata::kNoType;
  sql_ << (bounded ? "SELECT m.id FROM (" : "");
  GW_TRY(AppendIdSet(scope.type, criterion));
  if (bounded) {
    (sql_ << ") m(id) WHERE m.id" << (direction_ == Direction::kAfter ? " > " : " < ")).Bind(std::string(walked_to_));
  }
  sql_ << ")";
  return {};
}

fhir::Result<void> Compiler::AppendMissing(const Scope& scope, const Criterion& criterion) {
  if (criterion.parameter == nullptr) {
    return UnexpectedValue(criterion);
  }
  const std::string alias = sql_.NewAlias();
  sql_ << (criterion.missing ? "NOT EXISTS (SELECT 1" : "EXISTS (SELECT 1");
  if (IsFullText(*criterion.parameter)) {
    AppendHeadRowsOf(alias, scope.type, std::span(&criterion.parameter->id, 1), kTextTable);
    AppendTextReadable(alias, scope.type);
  } else {
    AppendHeadRows(alias, scope.type, criterion.parameter->id, RowType(criterion));
  }
  AppendSameResource(alias, scope);
  sql_ << ")";
  return {};
}

// "a or b" of criteria that each have an index becomes one set of ids: as an OR of conditions the server would test
// every resource of the type.
fhir::Result<void> Compiler::AppendUnion(const Scope& scope, std::span<const Criterion> parts) {
  sql_ << scope.alias << ".id IN (";
  for (std::size_t i = 0; i < parts.size(); ++i) {
    sql_ << (i == 0 ? "" : " UNION ALL ");
    GW_TRY(AppendIdSet(scope.type, parts[i]));
  }
  sql_ << ")";
  return {};
}

fhir::Result<void> Compiler::AppendGroup(const Scope& scope, const Criterion& group) {
  if (group.kind == CriterionKind::kAny && group.parts.size() > 1 && scope.type != fhir::metadata::kNoType &&
      std::all_of(group.parts.begin(), group.parts.end(), YieldsIds)) {
    return AppendUnion(scope, group.parts);
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

fhir::Result<void> Compiler::AppendFullText(const Scope& scope, const Criterion& criterion) {
  if (criterion.parameter == nullptr) {
    return UnexpectedValue(criterion);
  }
  const std::string alias = sql_.NewAlias();
  if (scope.type == fhir::metadata::kNoType) {
    sql_ << "(" << scope.alias << ".type, " << scope.alias << ".id) IN (";
  } else {
    sql_ << scope.alias << ".id IN (";
  }
  AppendSelect(alias, scope.type);
  AppendHeadRowsOf(alias, scope.type, std::span(&criterion.parameter->id, 1), kTextTable);
  AppendTextReadable(alias, scope.type);
  sql_ << " AND ";
  GW_TRY(AppendWords(sql_, alias, criterion));
  sql_ << ")";
  return {};
}

// A narrative may repeat an identifier that a policy hides: whoever may not search by all of a type's identifiers may
// not search its texts.
void Compiler::AppendTextReadable(std::string_view alias, fhir::metadata::TypeId type) {
  if (trusted_ || grants_.unrestricted) {
    return;
  }
  for (const auto& [granted, type_grants] : grants_.by_type) {
    if (!type_grants.identifier_types_hidden.empty() && (type == granted || type == fhir::metadata::kNoType)) {
      sql_ << " AND " << alias << ".type <> " << TypeCode(granted);
    }
  }
}

fhir::Result<void> Compiler::AppendCompartment(const Scope& scope, const fhir::search::Compartment& compartment) {
  const std::string alias = sql_.NewAlias();
  const bool any_type = scope.type == fhir::metadata::kNoType;
  sql_ << "(";
  if (any_type) {
    sql_ << "(" << scope.alias << ".type, " << scope.alias << ".id) IN (";
  } else {
    sql_ << scope.alias << ".id IN (";
  }
  AppendSelect(alias, scope.type);
  AppendHeadRowsOf(alias, scope.type, {}, IndexTable(fhir::metadata::SearchType::kReference));
  sql_ << " AND " << alias << ".target_type = " << TypeCode(compartment.type);
  (sql_ << " AND " << alias << ".target = ").Bind(EqualityText(compartment.id)) << " AND (false";
  AppendCompartmentParameters(alias, scope, compartment);
  sql_ << "))";
  // The resource that the compartment is named after is in it.
  if (any_type || scope.type == compartment.type) {
    sql_ << " OR (";
    if (any_type) {
      sql_ << scope.alias << ".type = " << TypeCode(compartment.type) << " AND ";
    }
    (sql_ << scope.alias << ".id = ").Bind(EqualityText(compartment.id)) << ")";
  }
  sql_ << ")";
  return {};
}

// " OR (t.type = N AND t.parameter IN (N, N))" per type.
void Compiler::AppendCompartmentParameters(std::string_view alias, const Scope& scope,
                                           const fhir::search::Compartment& compartment) {
  const auto& r4 = fhir::metadata::Definitions::R4();
  const auto types = scope.type == fhir::metadata::kNoType ? types_ : std::span(&scope.type, 1);
  for (const auto type : types) {
    std::string_view separator = "";
    for (const std::string_view code : r4.CompartmentParameters(compartment.type, type)) {
      const auto* parameter = r4.FindSearchParameter(type, code);
      if (parameter == nullptr) {
        continue;  // "{def}"
      }
      if (separator.empty()) {
        sql_ << " OR (" << alias << ".type = " << TypeCode(type) << " AND " << alias << ".parameter IN (";
      }
      sql_ << separator << parameter->id;
      separator = ", ";
    }
    sql_ << (separator.empty() ? "" : "))");
  }
}

void Compiler::AppendSelect(std::string_view alias, fhir::metadata::TypeId type) {
  sql_ << "SELECT ";
  if (type == fhir::metadata::kNoType) {
    sql_ << alias << ".type, ";
  }
  sql_ << alias << ".id";
}

void Compiler::AppendSameResource(std::string_view alias, const Scope& scope) {
  sql_ << " AND " << alias << ".id = " << scope.alias << ".id";
  if (scope.type == fhir::metadata::kNoType) {
    sql_ << " AND " << alias << ".type = " << scope.alias << ".type";
  }
}

void Compiler::AppendType(std::string_view alias, fhir::metadata::TypeId type) {
  if (type != fhir::metadata::kNoType) {
    sql_ << alias << ".type = " << TypeCode(type);
    return;
  }
  std::vector<std::int64_t> codes;
  for (const auto one : types_) {
    codes.push_back(TypeCode(one));
  }
  (sql_ << alias << ".type = ANY (").Bind(std::move(codes)) << ")";
}

void Compiler::AppendHeadRows(std::string_view alias, fhir::metadata::TypeId type, std::uint16_t parameter,
                              fhir::metadata::SearchType table) {
  const auto rows_of = table == fhir::metadata::SearchType::kComposite ? fhir::search::CompositeRowParameters(parameter)
                                                                       : std::span<const std::uint16_t>(&parameter, 1);
  AppendHeadRowsOf(alias, type, rows_of, IndexTable(table));
  if (table == fhir::metadata::SearchType::kToken) {
    AppendHidden(alias, type);
  }
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

void Compiler::AppendHidden(std::string_view alias, fhir::metadata::TypeId type) {
  if (trusted_ || grants_.unrestricted) {
    return;
  }
  if (type == fhir::metadata::kNoType) {
    // Parameters that all types share are no identifiers; were one, it would be hidden from whom one type hides any.
    const bool hides = std::any_of(grants_.by_type.begin(), grants_.by_type.end(),
                                   [](const auto& row) { return !row.second.identifier_types_hidden.empty(); });
    if (hides) {
      sql_ << " AND " << alias << ".identifier_type = ''";
    }
    return;
  }
  const auto found = grants_.by_type.find(type);
  if (found == grants_.by_type.end() || found->second.identifier_types_hidden.empty()) {
    return;
  }
  (sql_ << " AND " << alias << ".identifier_type <> ALL (").Bind(found->second.identifier_types_hidden) << ")";
}

fhir::Result<void> Compiler::AppendRowCondition(std::string_view alias, const Criterion& criterion) {
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

// "SELECT t.id FROM …": the ids of resources of `type` that meet the criterion; types and ids when it is unset.
fhir::Result<void> Compiler::AppendIdSet(fhir::metadata::TypeId type, const Criterion& criterion) {
  if (depth_ >= kDepthMax) {
    return fhir::Fail(fhir::ErrorCode::kTooCostly,
                      fmt::format("Chains and _has may be nested at most {} levels deep.", kDepthMax));
  }
  ++depth_;
  fhir::Result<void> result;
  if (criterion.kind == CriterionKind::kChain) {
    result = AppendChainSet(type, criterion);
  } else if (criterion.kind == CriterionKind::kHas) {
    result = AppendHasSet(type, criterion);
  } else {
    const std::string alias = sql_.NewAlias();
    AppendSelect(alias, type);
    AppendHeadRows(alias, type, criterion.parameter->id, RowType(criterion));
    sql_ << " AND ";
    result = AppendRowCondition(alias, criterion);
  }
  --depth_;
  return result;
}

fhir::Result<void> Compiler::AppendChainSet(fhir::metadata::TypeId type, const Criterion& criterion) {
  if (!criterion.chain || criterion.parameter == nullptr ||
      criterion.parameter->type != fhir::metadata::SearchType::kReference) {
    return UnexpectedValue(criterion);
  }
  const std::string alias = sql_.NewAlias();
  AppendSelect(alias, type);
  AppendHeadRows(alias, type, criterion.parameter->id, RowType(criterion));
  sql_ << " AND (";
  bool first = true;
  const auto append_chain = [&](const fhir::search::Chain& chain) -> fhir::Result<void> {
    for (const auto target : chain.target_types) {
      sql_ << (first ? "" : " OR ") << "(" << alias << ".target_type = " << TypeCode(target) << " AND " << alias
           << ".target IN (";
      first = false;
      GW_TRY(AppendNested(target, chain.nested));
      sql_ << "))";
    }
    return {};
  };
  GW_TRY(append_chain(*criterion.chain));
  for (const auto& chain : criterion.other_chains) {
    GW_TRY(append_chain(chain));
  }
  sql_ << (first ? "false)" : ")");
  return {};
}

fhir::Result<void> Compiler::AppendHasSet(fhir::metadata::TypeId type, const Criterion& criterion) {
  if (!criterion.has || criterion.parameter == nullptr ||
      criterion.parameter->type != fhir::metadata::SearchType::kReference) {
    return UnexpectedValue(criterion);
  }
  const std::string alias = sql_.NewAlias();
  const bool any_type = type == fhir::metadata::kNoType;
  sql_ << "SELECT " << (any_type ? alias + ".target_type, " : "") << alias << ".target";
  AppendHeadRows(alias, criterion.has->source_type, criterion.parameter->id, criterion.parameter->type);
  if (!any_type) {
    sql_ << " AND " << alias << ".target_type = " << TypeCode(type);
  }
  sql_ << " AND " << alias << ".id IN (";
  GW_TRY(AppendNested(criterion.has->source_type, criterion.has->nested));
  sql_ << (MayFollow(criterion.has->source_type, criterion) ? ")" : ") AND false");
  return {};
}

// The ids of resources that meet all criteria and that the actor may name in a chain. The first criterion that an index
// table can be read for drives; head rows exist for live resources alone, so resource_version is needed for none.
fhir::Result<void> Compiler::AppendNested(fhir::metadata::TypeId type, std::span<const Criterion> criteria) {
  const auto driver = std::find_if(criteria.begin(), criteria.end(), [](const Criterion& criterion) {
    return criterion.kind == CriterionKind::kParameter && !Negated(criterion) && criterion.parameter != nullptr &&
           !criterion.values.empty();
  });
  Scope scope{.alias = {}, .type = type};
  std::string alias;
  if (driver != criteria.end()) {
    alias = sql_.NewAlias();
    scope.alias = alias;
    sql_ << "SELECT " << alias << ".id";
    AppendHeadRows(alias, type, driver->parameter->id, RowType(*driver));
    sql_ << " AND ";
    GW_TRY(AppendRowCondition(alias, *driver));
    GW_TRY(AppendCriteria(scope, criteria.subspan(0, static_cast<std::size_t>(driver - criteria.begin()))));
    GW_TRY(AppendCriteria(scope, criteria.subspan(static_cast<std::size_t>(driver - criteria.begin()) + 1)));
  } else {
    alias = sql_.NewAlias();
    scope.alias = alias;
    scope.versions = true;
    sql_ << "SELECT " << alias << ".id FROM resource_version " << alias << " WHERE " << alias
         << ".type = " << TypeCode(type);
    AppendCounts(sql_, alias);
    sql_ << " AND NOT " << alias << ".deleted";
    GW_TRY(AppendCriteria(scope, criteria));
  }
  return AppendGranted(scope, kNamedInChain, criteria);
}

// The reference that a _has follows is named too: by it the source tells what it refers to.
bool Compiler::MayFollow(fhir::metadata::TypeId type, const Criterion& criterion) const {
  const auto found = grants_.by_type.find(type);
  if (trusted_ || grants_.unrestricted || found == grants_.by_type.end()) {
    return true;  // AppendGranted decides
  }
  return std::any_of(found->second.grants.begin(), found->second.grants.end(), [&](const auto& grant) {
    return (grant.interactions & kNamedInChain) != 0 &&
           (grant.chain_by.empty() ||
            std::find(grant.chain_by.begin(), grant.chain_by.end(), criterion.parameter->code) != grant.chain_by.end());
  });
}

fhir::Result<void> Compiler::AppendGranted(const Scope& scope, std::uint16_t interactions,
                                           std::span<const Criterion> chained_by) {
  if (trusted_ || grants_.unrestricted) {
    return {};
  }
  if (scope.type == fhir::metadata::kNoType) {
    return AppendGrantedAnyType(scope.alias, types_, interactions);
  }
  const auto found = grants_.by_type.find(scope.type);
  if (found == grants_.by_type.end()) {
    sql_ << " AND false";
    return {};
  }
  std::vector<const adapters::port::Grant*> usable;
  for (const auto& grant : found->second.grants) {
    if ((grant.interactions & interactions) == 0 ||
        !std::all_of(chained_by.begin(), chained_by.end(),
                     [&](const Criterion& criterion) { return MayChainBy(grant, criterion); })) {
      continue;
    }
    if (grant.where.empty()) {
      return {};
    }
    usable.push_back(&grant);
  }
  if (usable.empty()) {
    sql_ << " AND false";
    return {};
  }
  trusted_ = true;
  const int outer_depth = std::exchange(depth_, 0);  // the nesting of a policy is not the client's doing
  fhir::Result<void> result;
  sql_ << " AND (";
  for (std::size_t i = 0; i < usable.size() && result; ++i) {
    sql_ << (i == 0 ? "(true" : " OR (true");
    result = AppendCriteria(scope, usable[i]->where);
    sql_ << ")";
  }
  sql_ << ")";
  trusted_ = false;
  depth_ = outer_depth;
  return result;
}

fhir::Result<void> Compiler::AppendGrantedAnyType(std::string_view alias, std::span<const fhir::metadata::TypeId> types,
                                                  std::uint16_t interactions) {
  if (grants_.unrestricted) {
    return {};
  }
  std::vector<fhir::metadata::TypeId> granted;
  for (const auto& [type, type_grants] : grants_.by_type) {
    if (types.empty() || std::find(types.begin(), types.end(), type) != types.end()) {
      granted.push_back(type);
    }
  }
  std::sort(granted.begin(), granted.end());
  sql_ << " AND (false";
  for (const auto type : granted) {
    sql_ << " OR (" << alias << ".type = " << TypeCode(type);
    GW_TRY(AppendGranted({.alias = alias, .type = type, .versions = true}, interactions));
    sql_ << ")";
  }
  sql_ << ")";
  return {};
}

}  // namespace gateway::store::search_sql
