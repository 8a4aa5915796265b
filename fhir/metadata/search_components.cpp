#include "fhir/metadata/search_components.hpp"

#include <map>
#include <vector>

#include "fhir/metadata/tables.hpp"

namespace fhir::metadata {
namespace {

using ComponentsOfParameters = std::map<std::uint16_t, std::vector<SearchComponent>>;

ComponentsOfParameters ReadComponents(const Tables& tables) {
  const auto text = [&](std::uint16_t id) {
    const StringRow& row = tables.strings[id];
    return tables.text.substr(row.offset, row.length);
  };
  ComponentsOfParameters components;
  for (const SearchComponentRow& row : tables.search_components) {
    components[row.parameter].push_back({text(row.code), text(row.expression), static_cast<SearchType>(row.type)});
  }
  return components;
}

}  // namespace

std::span<const SearchComponent> SearchComponents(std::uint16_t parameter) {
  static const ComponentsOfParameters components = ReadComponents(kR4Tables);
  const auto found = components.find(parameter);
  return found == components.end() ? std::span<const SearchComponent>() : std::span(found->second);
}

}  // namespace fhir::metadata
