#include "fhir/search/answering_rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "fhir/metadata/search_components.hpp"

namespace fhir::search {
namespace {

using metadata::SearchComponent;
using metadata::SearchParameter;
using metadata::SearchType;
using metadata::TypeId;

struct Shared {
  SearchType type;
  AnsweringRows rows;
};
using SharedRows = std::map<std::pair<TypeId, std::uint16_t>, Shared>;

std::vector<std::string_view> UnionParts(std::string_view expression) {
  std::vector<std::string_view> parts;
  constexpr std::string_view kBar = " | ";
  for (std::size_t at = expression.find(kBar); at != std::string_view::npos; at = expression.find(kBar)) {
    parts.push_back(expression.substr(0, at));
    expression.remove_prefix(at + kBar.size());
  }
  parts.push_back(expression);
  return parts;
}

bool SameComponents(std::uint16_t left, std::uint16_t right) {
  return std::ranges::equal(metadata::SearchComponents(left), metadata::SearchComponents(right),
                            [](const SearchComponent& a, const SearchComponent& b) {
                              return a.type == b.type && a.expression == b.expression;
                            });
}

/// "Observation.code | Observation.component.code": the parameters whose parts are among its own, the largest first,
/// where those cover all of it.
std::optional<AnsweringRows> AsUnion(std::span<const SearchParameter> all, const SearchParameter& parameter) {
  const auto parts = UnionParts(parameter.expression);
  std::map<std::string_view, bool> covered;
  for (const std::string_view part : parts) covered[part] = false;
  std::vector<std::pair<std::size_t, const SearchParameter*>> smaller;
  for (const SearchParameter& other : all) {
    const auto others = UnionParts(other.expression);
    if (other.type == parameter.type && others.size() < parts.size() && SameComponents(other.id, parameter.id) &&
        std::ranges::all_of(others, [&](std::string_view part) { return covered.contains(part); })) {
      smaller.emplace_back(others.size(), &other);
    }
  }
  std::ranges::sort(smaller, [](const auto& a, const auto& b) {
    return std::pair(b.first, a.second->id) < std::pair(a.first, b.second->id);
  });
  AnsweringRows rows{.parameters = {}, .own = false};
  for (const auto& [size, other] : smaller) {
    bool adds = false;
    for (const std::string_view part : UnionParts(other->expression)) adds |= !std::exchange(covered[part], true);
    if (adds) rows.parameters.push_back(other->id);
  }
  const bool whole = std::ranges::all_of(covered, [](const auto& part) { return part.second; });
  return whole && !rows.parameters.empty() ? std::optional(std::move(rows)) : std::nullopt;
}

/// "Observation.subject.where(resolve() is Patient)".
std::optional<AnsweringRows> AsNarrowed(std::span<const SearchParameter> all, const SearchParameter& parameter) {
  constexpr std::string_view kWhere = ".where(resolve() is ";
  const std::size_t at = parameter.expression.find(kWhere);
  if (at == std::string_view::npos || !parameter.expression.ends_with(')')) {
    return std::nullopt;
  }
  const auto other = std::ranges::find_if(all, [&](const SearchParameter& candidate) {
    return candidate.type == parameter.type && candidate.expression == parameter.expression.substr(0, at);
  });
  const std::string_view rest = parameter.expression.substr(at + kWhere.size());
  const TypeId target = metadata::Definitions::R4().FindType(rest.substr(0, rest.size() - 1));
  if (other == all.end() || !metadata::Definitions::R4().IsResource(target)) {
    return std::nullopt;
  }
  return AnsweringRows{.parameters = {other->id}, .target = target, .own = false};
}

// Strings are folded as their parameter says, and positions have one parameter alone.
bool MayShare(SearchType type) {
  return type != SearchType::kString && type != SearchType::kSpecial;
}

SharedRows ReadSharedRows() {
  const metadata::Definitions& r4 = metadata::Definitions::R4();
  SharedRows shared;
  for (const TypeId type : r4.ResourceTypes()) {
    const auto all = r4.SearchParameters(type);
    for (const SearchParameter& parameter : all) {
      if (!MayShare(parameter.type)) continue;
      auto rows = AsUnion(all, parameter);
      if (!rows && parameter.type == SearchType::kReference) rows = AsNarrowed(all, parameter);
      if (rows) shared.try_emplace({type, parameter.id}, Shared{parameter.type, *std::move(rows)});
    }
  }
  // Whose rows answer must have some.
  std::erase_if(shared, [&](const auto& entry) {
    return std::ranges::any_of(entry.second.rows.parameters,
                               [&](std::uint16_t other) { return shared.contains({entry.first.first, other}); });
  });
  return shared;
}

}  // namespace

AnsweringRows RowsAnswering(TypeId type, std::uint16_t parameter, SearchType of) {
  static const SharedRows shared = ReadSharedRows();
  const auto found = shared.find({type, parameter});
  if (found == shared.end() || found->second.type != of) return {.parameters = {parameter}};
  return found->second.rows;
}

bool UrlNamesType(std::string_view url, std::string_view type) {
  return url.find(fmt::format("/{}/", type)) != std::string_view::npos;
}

}  // namespace fhir::search
