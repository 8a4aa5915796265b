#include "fhir/search/contained.hpp"

#include <algorithm>
#include <set>

#include "fhir/search/types/reference.hpp"

namespace fhir::search {
namespace {

bool CanBeFound(const model::Node& node) {
  return node.name == "contained" && metadata::Definitions::R4().IsResource(node.type) &&
         IsLogicalId(node.ChildValue("id"));
}

}  // namespace

std::vector<const model::Node*> ContainedResources(const model::Node& container) {
  std::vector<const model::Node*> found;
  std::set<std::string_view> ids;
  for (const model::Node& child : container.children()) {
    if (CanBeFound(child) && ids.insert(child.ChildValue("id")).second) found.push_back(&child);
  }
  return found;
}

const model::Node* FindContained(const model::Node& container, std::string_view id) {
  for (const model::Node& child : container.children()) {
    if (CanBeFound(child) && child.ChildValue("id") == id) return &child;
  }
  return nullptr;
}

std::string ContainedName(std::string_view container_type, std::string_view container_id, std::string_view id) {
  std::string name;
  name.reserve(container_type.size() + container_id.size() + id.size() + 2);
  name.append(container_type).append("/").append(container_id).append("#").append(id);
  return name;
}

std::optional<ContainedNameParts> SplitContainedName(std::string_view name) {
  const std::size_t mark = name.find('#');
  if (mark == std::string_view::npos) return std::nullopt;
  const std::string_view container = name.substr(0, mark);
  const std::size_t slash = container.find('/');
  if (slash == std::string_view::npos) return std::nullopt;
  return ContainedNameParts{.container = container,
                            .container_type = container.substr(0, slash),
                            .container_id = container.substr(slash + 1),
                            .id = name.substr(mark + 1)};
}

}  // namespace fhir::search
