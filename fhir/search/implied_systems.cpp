#include "fhir/search/implied_systems.hpp"

#include <algorithm>

namespace fhir::search {
namespace {

constexpr std::string_view kOldSpecialValuesSystem = "http://hl7.org/fhir/special-values";

/// The row that "Type.a.b" ends at, choices by their base name left out; null for anything but a plain path.
const metadata::ElementRow* Follow(const metadata::Definitions& definitions, std::string_view path) {
  metadata::TypeId type = definitions.FindType(path.substr(0, path.find('.')));
  const metadata::ElementRow* row = nullptr;
  while (type != metadata::kNoType && path.find('.') != std::string_view::npos) {
    path.remove_prefix(path.find('.') + 1);
    row = definitions.FindChild(type, path.substr(0, path.find('.')));
    if (row == nullptr) return nullptr;
    type = row->type;
  }
  return type == metadata::kNoType ? nullptr : row;
}

void AddSystems(const metadata::Definitions& definitions, std::string_view path,
                std::vector<std::string_view>& systems) {
  const metadata::ElementRow* const row = Follow(definitions, path);
  if (row == nullptr) return;
  if (row->type == definitions.FindType("boolean")) {
    systems.insert(systems.end(), {kSpecialValuesSystem, kOldSpecialValuesSystem});
  } else if (row->type == definitions.FindType("code")) {
    const auto required = definitions.RequiredSystems(*row);
    systems.insert(systems.end(), required.begin(), required.end());
  }
}

}  // namespace

std::vector<std::string_view> ImpliedSystems(const metadata::Definitions& definitions, std::string_view expression) {
  std::vector<std::string_view> systems;
  while (!expression.empty()) {
    const std::size_t end = std::min(expression.find('|'), expression.size());
    std::string_view part = expression.substr(0, end);
    while (part.starts_with(' ')) part.remove_prefix(1);
    while (part.ends_with(' ')) part.remove_suffix(1);
    AddSystems(definitions, part, systems);
    expression.remove_prefix(std::min(end + 1, expression.size()));
  }
  std::ranges::sort(systems);
  const auto rest = std::ranges::unique(systems);
  systems.erase(rest.begin(), rest.end());
  return systems;
}

}  // namespace fhir::search
