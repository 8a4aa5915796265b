// What of a compiled search a party's grants decide: which rows count at all, and by what a chain may ask.
#include <algorithm>
#include <utility>

#include "gateway/store/search_sql/compiler.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::search_sql {
namespace {

using fhir::search::Criterion;
using fhir::search::CriterionKind;

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

}  // namespace

// A narrative may repeat an identifier that a policy hides: whoever may not search by all of a type's identifiers may
// not search its texts.
void Compiler::AppendTextReadable(std::string_view alias, fhir::metadata::TypeId type) {
  if (trusted_ || grants_.unrestricted) {
    return;
  }
  for (const auto& [granted, type_grants] : grants_.by_type) {
    if (!type_grants.identifier_types_hidden.empty() && (type == granted || type == fhir::metadata::kNoType)) {
      sql_ << " AND " << alias << ".type <> " << TypeCode(granted);
      if (rows_ != Rows::kOwn) {
        sql_ << " AND " << alias << ".type <> " << -TypeCode(granted);
      }
    }
  }
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
  const Rows outer_rows = std::exchange(rows_, Rows::kOwn);
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
  rows_ = outer_rows;
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
