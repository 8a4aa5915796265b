#include "fhir/search/custom_parameters.hpp"

#include <algorithm>
#include <utility>

namespace fhir::search {
namespace {

using metadata::SearchParameter;
using metadata::TypeId;

/// The types whose searches can name a parameter: resource types, and the abstract ones of searches over several.
std::vector<TypeId> SearchedTypes(const metadata::Definitions& definitions) {
  std::vector<TypeId> types(definitions.ResourceTypes().begin(), definitions.ResourceTypes().end());
  for (const std::string_view name : {"Resource", "DomainResource"}) types.push_back(definitions.FindType(name));
  return types;
}

bool IsCustom(const SearchParameter* parameter) {
  return parameter != nullptr && parameter->id >= kCustomNumberFirst;
}

bool AsksForCustom(const std::vector<Criterion>& criteria);

bool AsksForCustom(const Criterion& criterion) {
  return IsCustom(criterion.parameter) || AsksForCustom(criterion.parts) ||
         (criterion.chain && AsksForCustom(criterion.chain->nested)) ||
         std::ranges::any_of(criterion.other_chains, [](const Chain& chain) { return AsksForCustom(chain.nested); }) ||
         (criterion.has && AsksForCustom(criterion.has->nested));
}

bool AsksForCustom(const std::vector<Criterion>& criteria) {
  return std::ranges::any_of(criteria, [](const Criterion& criterion) { return AsksForCustom(criterion); });
}

}  // namespace

CustomParameters::CustomParameters(const metadata::Definitions& definitions, std::vector<CustomParameter> parameters,
                                   std::int64_t version, std::int64_t changed_us)
    : parameters_(std::move(parameters)), version_(version), changed_us_(changed_us) {
  const std::vector<TypeId> types = SearchedTypes(definitions);
  components_.reserve(parameters_.size());
  for (const CustomParameter& parameter : parameters_) {
    const ParameterDefinition& definition = parameter.definition;
    auto& components = components_.emplace_back();
    components.reserve(definition.components.size());
    for (const ComponentDefinition& component : definition.components) {
      components.push_back({component.code, component.expression, component.type});
    }
    for (const TypeId type : types) {
      const auto base =
          std::ranges::find_if(definition.bases, [&](TypeId declared) { return definitions.IsA(type, declared); });
      if (base == definition.bases.end()) continue;
      by_type_[type].push_back({parameter.number, *base, definition.type, definition.code, definition.url,
                                definition.expression, definition.targets, definition.name, components});
    }
  }
  for (auto& [type, rows] : by_type_) std::ranges::sort(rows, {}, &SearchParameter::code);
}

bool CustomParameters::HasUnusable() const {
  return std::ranges::any_of(parameters_, [](const CustomParameter& parameter) { return !parameter.usable; });
}

std::span<const SearchParameter> CustomParameters::Of(TypeId type) const {
  const auto found = by_type_.find(type);
  return found == by_type_.end() ? std::span<const SearchParameter>() : std::span(found->second);
}

const SearchParameter* CustomParameters::Find(TypeId type, std::string_view code) const {
  const auto rows = Of(type);
  const auto found = std::ranges::lower_bound(rows, code, {}, &SearchParameter::code);
  return found != rows.end() && found->code == code ? &*found : nullptr;
}

const CustomParameter* CustomParameters::ByNumber(std::uint16_t number) const {
  const auto found = std::ranges::find(parameters_, number, &CustomParameter::number);
  return found == parameters_.end() ? nullptr : &*found;
}

const CustomParameter* CustomParameters::ByUrl(std::string_view url) const {
  const auto found =
      std::ranges::find_if(parameters_, [&](const CustomParameter& one) { return one.definition.url == url; });
  return found == parameters_.end() ? nullptr : &*found;
}

bool Collide(const ParameterDefinition& left, const ParameterDefinition& right,
             const metadata::Definitions& definitions) {
  const auto among = [&](TypeId type, const std::vector<TypeId>& bases) {
    return std::ranges::any_of(bases, [&](TypeId base) { return definitions.IsA(type, base); });
  };
  return left.code == right.code && std::ranges::any_of(definitions.ResourceTypes(), [&](TypeId type) {
           return among(type, left.bases) && among(type, right.bases);
         });
}

bool UsesCustomParameters(const Query& query) {
  return AsksForCustom(query.criteria) ||
         std::ranges::any_of(query.sort, [](const Sort& sort) { return IsCustom(sort.parameter); }) ||
         std::ranges::any_of(query.includes, [](const Include& include) { return IsCustom(include.parameter); });
}

}  // namespace fhir::search
