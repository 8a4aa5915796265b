// Criteria as sets of ids: "SELECT t.id FROM …", what a condition is an IN of, and what a walk goes along.
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "fhir/search/answering_rows.hpp"
#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/search_sql/index_text.hpp"
#include "gateway/store/search_sql/value_conditions.hpp"
#include "gateway/store/search_sql/visible_rows.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using fhir::search::Criterion;
using fhir::search::CriterionKind;

constexpr int kDepthMax = 5;

}  // namespace

bool Compiler::YieldsIds(fhir::metadata::TypeId type, const Criterion& criterion) {
  switch (criterion.kind) {
    case CriterionKind::kParameter:
      return criterion.modifier != fhir::search::Modifier::kNot && criterion.parameter != nullptr &&
             !criterion.values.empty();
    case CriterionKind::kChain:
    case CriterionKind::kHas:
      return true;
    case CriterionKind::kFullText:
      return criterion.parameter != nullptr;
    case CriterionKind::kCompartment:
      // The resource that a compartment is named after is in it, without a reference to itself.
      return criterion.compartment && type != fhir::metadata::kNoType && type != criterion.compartment->type;
    case CriterionKind::kAny:
      return type != fhir::metadata::kNoType && criterion.parts.size() > 1 &&
             std::all_of(criterion.parts.begin(), criterion.parts.end(),
                         [&](const Criterion& part) { return YieldsIds(type, part); });
    default:
      return false;
  }
}

fhir::Result<void> Compiler::AppendIdSet(fhir::metadata::TypeId type, const Criterion& criterion,
                                         std::string_view value) {
  if (depth_ >= kDepthMax) {
    return fhir::Fail(fhir::ErrorCode::kTooCostly,
                      fmt::format("Chains and _has may be nested at most {} levels deep.", kDepthMax));
  }
  switch (criterion.kind) {
    case CriterionKind::kCompartment:
      return AppendCompartmentSet(type, *criterion.compartment);
    case CriterionKind::kFullText:
      return AppendTextSet(type, criterion);
    case CriterionKind::kAny:
      // As an OR of conditions the server would test every resource of the type.
      for (std::size_t i = 0; i < criterion.parts.size(); ++i) {
        sql_ << (i == 0 ? "" : " UNION ALL ");
        GW_TRY(AppendIdSet(type, criterion.parts[i]));
      }
      return {};
    default:
      break;
  }
  ++depth_;
  fhir::Result<void> result;
  if (criterion.kind == CriterionKind::kChain) {
    result = AppendChainSet(type, criterion);
  } else if (criterion.kind == CriterionKind::kHas) {
    result = AppendHasSet(type, criterion);
  } else {
    result = AppendParameterSet(type, criterion, value);
  }
  --depth_;
  return result;
}

// Part by part where rows of several parameters answer: each comes in the order of ids, and they are merged.
fhir::Result<void> Compiler::AppendParameterSet(fhir::metadata::TypeId type, const Criterion& criterion,
                                                std::string_view value) {
  const auto rows = fhir::search::RowsAnswering(type, criterion.parameter->id, RowType(criterion));
  for (std::size_t i = 0; i < rows.parameters.size(); ++i) {
    const std::string alias = sql_.NewAlias();
    sql_ << (i == 0 ? "" : " UNION ALL ");
    AppendSelect(alias, type);
    AppendRowsOf(alias, type, std::span(rows.parameters).subspan(i, 1), rows.target, RowType(criterion));
    sql_ << " AND ";
    GW_TRY(AppendRowCondition(alias, criterion, value));
  }
  return {};
}

void Compiler::AppendTextRows(std::string_view alias, fhir::metadata::TypeId type,
                              const fhir::metadata::SearchParameter& parameter) {
  AppendHeadRowsOf(alias, type, std::span(&parameter.id, 1), "idx_text");
  AppendTextReadable(alias, type);
}

fhir::Result<void> Compiler::AppendTextSet(fhir::metadata::TypeId type, const Criterion& criterion) {
  const std::string alias = sql_.NewAlias();
  AppendSelect(alias, type);
  AppendTextRows(alias, type, *criterion.parameter);
  sql_ << " AND ";
  return AppendWords(sql_, alias, criterion);
}

fhir::Result<void> Compiler::AppendCompartmentSet(fhir::metadata::TypeId type,
                                                  const fhir::search::Compartment& compartment) {
  const std::string alias = sql_.NewAlias();
  AppendSelect(alias, type);
  AppendHeadRowsOf(alias, type, {}, IndexTable(fhir::metadata::SearchType::kReference));
  sql_ << " AND " << alias << ".target_type = " << TypeCode(compartment.type);
  (sql_ << " AND " << alias << ".target = ").Bind(EqualityText(compartment.id)) << " AND (false";
  AppendCompartmentParameters(alias, type, compartment);
  sql_ << ")";
  return {};
}

// " OR (t.type = N AND t.parameter IN (N, N))" per type.
void Compiler::AppendCompartmentParameters(std::string_view alias, fhir::metadata::TypeId of,
                                           const fhir::search::Compartment& compartment) {
  const auto& r4 = fhir::metadata::Definitions::R4();
  const auto types = of == fhir::metadata::kNoType ? types_ : std::span(&of, 1);
  for (const auto type : types) {
    std::string_view separator = "";
    for (const std::string_view code : r4.CompartmentParameters(compartment.type, type)) {
      const auto* parameter = r4.FindSearchParameter(type, code);
      if (parameter == nullptr) {
        continue;  // "{def}"
      }
      if (separator.empty()) {
        sql_ << " OR (" << alias << ".type";
        AppendCode(type);
        sql_ << " AND " << alias << ".parameter IN (";
      }
      for (const auto id : fhir::search::RowsAnswering(type, parameter->id, parameter->type).parameters) {
        sql_ << separator << id;
        separator = ", ";
      }
    }
    sql_ << (separator.empty() ? "" : "))");
  }
}

// A chain leads into contained resources as well. Source: https://hl7.org/fhir/R4/search.html#contained
fhir::Result<void> Compiler::AppendChainSet(fhir::metadata::TypeId type, const Criterion& criterion) {
  if (!criterion.chain || criterion.parameter == nullptr ||
      criterion.parameter->type != fhir::metadata::SearchType::kReference) {
    return UnexpectedValue(criterion);
  }
  if (trusted_) {
    return AppendChainTo(Rows::kOwn, type, criterion);  // who writes a resource grants nothing by what it contains
  }
  if (grants_.unrestricted) {
    return AppendChainTo(Rows::kEither, type, criterion);
  }
  GW_TRY(AppendChainTo(Rows::kOwn, type, criterion));
  sql_ << " UNION ALL ";
  return AppendChainTo(Rows::kContained, type, criterion);
}

fhir::Result<void> Compiler::AppendChainTo(Rows targets, fhir::metadata::TypeId type, const Criterion& criterion) {
  const std::string alias = sql_.NewAlias();
  AppendSelect(alias, type);
  AppendHeadRows(alias, type, criterion.parameter->id, RowType(criterion));
  sql_ << " AND (";
  bool first = true;
  const Rows sources = std::exchange(rows_, targets);
  const auto append_chain = [&](const fhir::search::Chain& chain) -> fhir::Result<void> {
    for (const auto target : chain.target_types) {
      sql_ << (first ? "" : " OR ") << "(" << alias << ".target_type";
      AppendCode(target);
      sql_ << " AND " << alias << ".target IN (";
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
  rows_ = sources;
  // What is found itself is read anyway; between it and what a chain ends at may be what the actor can only name.
  const bool looked_into = targets == Rows::kContained && sources == Rows::kOwn && depth_ > 1;
  return looked_into ? AppendGranted({.alias = alias, .type = type}, adapters::port::kRead) : fhir::Result<void>();
}

fhir::Result<void> Compiler::AppendHasSet(fhir::metadata::TypeId type, const Criterion& criterion) {
  if (!criterion.has || criterion.parameter == nullptr ||
      criterion.parameter->type != fhir::metadata::SearchType::kReference) {
    return UnexpectedValue(criterion);
  }
  if (rows_ == Rows::kOwn) {
    return AppendHasFrom(Rows::kOwn, type, criterion);
  }
  if (grants_.unrestricted) {
    return AppendHasFrom(Rows::kEither, type, criterion);
  }
  GW_TRY(AppendHasFrom(Rows::kOwn, type, criterion));
  sql_ << " UNION ALL ";
  return AppendHasFrom(Rows::kContained, type, criterion);
}

fhir::Result<void> Compiler::AppendHasFrom(Rows sources, fhir::metadata::TypeId type, const Criterion& criterion) {
  // From the resources that meet the nested criteria to what they refer to, whatever the server expects: the other way
  // round it may read all references of the type. The fence keeps it from choosing.
  const std::string found = sql_.NewAlias();
  const std::string alias = sql_.NewAlias();
  const bool any_type = type == fhir::metadata::kNoType;
  const Rows targets = std::exchange(rows_, sources);
  sql_ << "SELECT " << (any_type ? alias + ".target_type, " : "") << alias << ".target FROM (";
  GW_TRY(AppendNested(criterion.has->source_type, criterion.has->nested));
  sql_ << ") " << found << "(id) CROSS JOIN LATERAL (SELECT " << (any_type ? alias + ".target_type, " : "") << alias
       << ".target";
  AppendHeadRows(alias, criterion.has->source_type, criterion.parameter->id, criterion.parameter->type);
  rows_ = targets;
  if (!any_type) {
    sql_ << " AND " << alias << ".target_type";
    AppendCode(type);
  }
  sql_ << " AND " << alias << ".id = " << found << ".id OFFSET 0) " << alias
       << (MayFollow(criterion.has->source_type, criterion) ? "" : " WHERE false");
  return {};
}

// The ids of resources that meet all criteria and that the actor may name in a chain. The first criterion that gives
// ids drives, one that an index table can be read for before others. Head rows exist for live resources alone, so
// resource_version is asked only where nothing drives, and for what `_has` finds: a reference may lead to what is gone.
fhir::Result<void> Compiler::AppendNested(fhir::metadata::TypeId type, std::span<const Criterion> criteria) {
  const auto first_of = [&](auto... kinds) {
    return std::find_if(criteria.begin(), criteria.end(), [&](const Criterion& criterion) {
      return ((criterion.kind == kinds) || ...) && YieldsIds(type, criterion);
    });
  };
  auto driver = first_of(CriterionKind::kParameter);
  if (driver == criteria.end()) {
    driver = first_of(CriterionKind::kChain);
  }
  if (driver == criteria.end()) {
    driver = first_of(CriterionKind::kHas);
  }
  const std::string alias = sql_.NewAlias();
  Scope scope{.alias = alias, .type = type};
  sql_ << "SELECT " << alias << ".id";
  if (driver == criteria.end() && rows_ == Rows::kOwn) {
    scope.versions = true;
    sql_ << " FROM resource_version " << alias << " WHERE " << alias << ".type = " << TypeCode(type);
    AppendCounts(sql_, alias);
    sql_ << " AND NOT " << alias << ".deleted";
    GW_TRY(AppendCriteria(scope, criteria));
  } else if (driver == criteria.end()) {
    sql_ << " FROM (";
    AppendEachOf(type);
    sql_ << ") " << alias << " WHERE true";
    GW_TRY(AppendCriteria(scope, criteria));
  } else {
    if (driver->kind == CriterionKind::kParameter) {
      AppendHeadRows(alias, type, driver->parameter->id, RowType(*driver));
      sql_ << " AND ";
      GW_TRY(AppendRowCondition(alias, *driver));
    } else {
      sql_ << " FROM (";
      GW_TRY(AppendIdSet(type, *driver));
      sql_ << ") " << alias << "(id) WHERE ";
      driver->kind == CriterionKind::kHas ? AppendIsThere(scope) : void(sql_ << "true");
    }
    GW_TRY(AppendCriteria(scope, criteria.subspan(0, static_cast<std::size_t>(driver - criteria.begin()))));
    GW_TRY(AppendCriteria(scope, criteria.subspan(static_cast<std::size_t>(driver - criteria.begin()) + 1)));
  }
  // Whoever may read a container may ask for what is in it.
  return rows_ == Rows::kContained ? fhir::Result<void>() : AppendGranted(scope, kNamedInChain, criteria);
}

}  // namespace gateway::store::search_sql
