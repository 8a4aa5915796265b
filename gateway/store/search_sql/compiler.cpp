#include "gateway/store/search_sql/compiler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using fhir::search::Criterion;
using fhir::search::CriterionKind;

constexpr int kDepthMax = 5;

bool Negated(const Criterion& criterion) {
  return criterion.kind == CriterionKind::kParameter && criterion.modifier == fhir::search::Modifier::kNot;
}

// Criteria that an index table can be read for, without a look at resource_version.
bool YieldsIds(const Criterion& criterion) {
  return (criterion.kind == CriterionKind::kParameter && !Negated(criterion)) ||
         criterion.kind == CriterionKind::kChain || criterion.kind == CriterionKind::kHas;
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

bool MayChainBy(const adapters::port::Grant& grant, const Criterion& criterion) {
  return grant.chain_by.empty() ||
         (criterion.parameter != nullptr && criterion.kind != CriterionKind::kHas &&
          std::find(grant.chain_by.begin(), grant.chain_by.end(), criterion.parameter->code) != grant.chain_by.end());
}

constexpr std::uint16_t kNamedInChain = adapters::port::kChain | adapters::port::kSearch | adapters::port::kRead;

std::unexpected<fhir::Error> UnsupportedSearchType(const Criterion& criterion) {
  return fhir::Fail(fhir::ErrorCode::kUnsupported,
                    fmt::format("Search parameter \"{}\" is of a type that is not supported.",
                                criterion.parameter != nullptr ? criterion.parameter->code : ""));
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
      if (!scope.versions) {
        alias = sql_.NewAlias();
        sql_ << scope.alias << ".id IN (SELECT " << alias << ".id FROM resource_version " << alias << " WHERE " << alias
             << ".type = " << TypeCode(scope.type) << " AND " << alias << ".closed_tx IS NULL AND ";
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
      sql_ << (scope.versions ? ")" : "))");
      return {};
    }
    case CriterionKind::kMissing: {
      if (IndexTable(RowType(criterion)) == nullptr) {
        return UnsupportedSearchType(criterion);
      }
      const std::string alias = sql_.NewAlias();
      sql_ << (criterion.missing ? "NOT EXISTS (SELECT 1" : "EXISTS (SELECT 1");
      AppendHeadRows(alias, scope.type, criterion.parameter->id, RowType(criterion));
      sql_ << " AND " << alias << ".id = " << scope.alias << ".id)";
      return {};
    }
    case CriterionKind::kParameter:
      if (IndexTable(RowType(criterion)) == nullptr) {
        return UnsupportedSearchType(criterion);
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
        sql_ << " AND " << alias << ".id = " << scope.alias << ".id AND ";
        GW_TRY(AppendRowCondition(alias, criterion));
        sql_ << ")";
        return {};
      }
      break;
    case CriterionKind::kChain:
    case CriterionKind::kHas:
      break;
  }
  sql_ << scope.alias << ".id IN (";
  GW_TRY(AppendIdSet(scope.type, criterion));
  sql_ << ")";
  return {};
}

void Compiler::AppendHeadRows(std::string_view alias, fhir::metadata::TypeId type, std::uint16_t parameter,
                              fhir::metadata::SearchType table) {
  sql_ << " FROM " << IndexTable(table) << " " << alias << " WHERE " << alias << ".type = " << TypeCode(type) << " AND "
       << alias << ".parameter = " << parameter << " AND " << alias << ".closed_tx IS NULL";
  if (table == fhir::metadata::SearchType::kToken) {
    AppendHidden(alias, type);
  }
}

void Compiler::AppendHidden(std::string_view alias, fhir::metadata::TypeId type) {
  if (trusted_ || grants_.unrestricted) {
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
    case fhir::metadata::SearchType::kSpecial:
      break;
  }
  return UnsupportedSearchType(criterion);
}

// "SELECT t.id FROM …": the ids of resources of `type` that meet the criterion.
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
  } else if (IndexTable(RowType(criterion)) == nullptr) {
    result = UnsupportedSearchType(criterion);
  } else {
    const std::string alias = sql_.NewAlias();
    sql_ << "SELECT " << alias << ".id";
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
  sql_ << "SELECT " << alias << ".id";
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
  sql_ << "SELECT " << alias << ".target";
  AppendHeadRows(alias, criterion.has->source_type, criterion.parameter->id, criterion.parameter->type);
  sql_ << " AND " << alias << ".target_type = " << TypeCode(type) << " AND " << alias << ".id IN (";
  GW_TRY(AppendNested(criterion.has->source_type, criterion.has->nested));
  sql_ << (MayFollow(criterion.has->source_type, criterion) ? ")" : ") AND false");
  return {};
}

// The ids of resources that meet all criteria and that the actor may name in a chain. The first criterion that an index
// table can be read for drives; head rows exist for live resources alone, so resource_version is needed for none.
fhir::Result<void> Compiler::AppendNested(fhir::metadata::TypeId type, std::span<const Criterion> criteria) {
  const auto driver = std::find_if(criteria.begin(), criteria.end(), [](const Criterion& criterion) {
    return criterion.kind == CriterionKind::kParameter && YieldsIds(criterion) && !criterion.values.empty();
  });
  Scope scope{.alias = {}, .type = type};
  std::string alias;
  if (driver != criteria.end()) {
    if (IndexTable(RowType(*driver)) == nullptr) {
      return UnsupportedSearchType(*driver);
    }
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
         << ".type = " << TypeCode(type) << " AND " << alias << ".closed_tx IS NULL AND NOT " << alias << ".deleted";
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
