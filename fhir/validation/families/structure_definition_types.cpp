#include "fhir/validation/families/structure_definition_types.hpp"

#include <algorithm>
#include <span>
#include <string>

#include <fmt/format.h>

#include "fhir/packages/registry.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using metadata::ElementRow;
using metadata::TypeId;
using model::Node;

constexpr std::string_view kChoice = "[x]";

/// The row of a path's last element; of a choice the one of the type.
const ElementRow* RowAtPath(std::string_view path, std::string_view type) {
  const Definitions& definitions = Definitions::R4();
  const std::size_t dot = path.rfind('.');
  const TypeId parent = dot == std::string_view::npos ? metadata::kNoType : TypeAtPath(path.substr(0, dot));
  if (parent == metadata::kNoType || type.empty()) {
    return nullptr;
  }
  const std::string_view name = path.substr(dot + 1);
  if (!name.ends_with(kChoice)) {
    return definitions.FindChild(parent, name);
  }
  const char initial =
      type.front() >= 'a' && type.front() <= 'z' ? static_cast<char>(type.front() - 'a' + 'A') : type.front();
  return definitions.FindChild(
      parent, fmt::format("{}{}{}", name.substr(0, name.size() - kChoice.size()), initial, type.substr(1)));
}

/// The type that a loaded definition is of; kNoType when it is not loaded, or of a type that R4 does not have.
TypeId TypeOfDefinition(std::string_view canonical, const FamilyContext& context) {
  const Node* definition = context.registry.Find("StructureDefinition", canonical);
  return definition == nullptr ? metadata::kNoType : Definitions::R4().FindType(definition->ChildValue("type"));
}

void CheckProfile(const Node& profile, std::string_view code, const FamilyContext& context, IssueList& issues) {
  const Definitions& definitions = Definitions::R4();
  const TypeId wanted = definitions.FindType(code);
  const TypeId type = TypeOfDefinition(profile.value, context);
  if (wanted != metadata::kNoType && type != metadata::kNoType && !definitions.IsA(type, wanted)) {
    Report(*profile.parent, IssueType::kException,
           fmt::format("a profile of {} is expected, not one of {}", code, definitions.TypeName(type)), issues);
  }
}

void CheckTarget(const Node& target, std::span<const TypeId> allowed, const FamilyContext& context, IssueList& issues) {
  const Definitions& definitions = Definitions::R4();
  const TypeId type = TypeOfDefinition(target.value, context);
  if (type != metadata::kNoType && !allowed.empty() &&
      std::none_of(allowed.begin(), allowed.end(), [&](TypeId each) { return definitions.IsA(type, each); })) {
    Report(*target.parent, IssueType::kBusinessRule,
           fmt::format("a target that the base allows is expected, not {}", definitions.TypeName(type)), issues);
  }
}

}  // namespace

TypeId TypeAtPath(std::string_view path) {
  const Definitions& definitions = Definitions::R4();
  TypeId type = definitions.FindType(path.substr(0, path.find('.')));
  while (type != metadata::kNoType && path.find('.') != std::string_view::npos) {
    path.remove_prefix(path.find('.') + 1);
    const ElementRow* row = definitions.FindChild(type, path.substr(0, path.find('.')));
    type = row == nullptr ? metadata::kNoType : row->type;
  }
  return type;
}

void CheckTypesOfRow(const Node& row, const FamilyContext& context, IssueList& issues) {
  for (const Node& type : row.children()) {
    if (type.name != "type") {
      continue;
    }
    const ElementRow* base = RowAtPath(row.ChildValue("path"), type.ChildValue("code"));
    const auto targets = base == nullptr ? std::span<const TypeId>{} : Definitions::R4().Targets(*base);
    for (const Node& part : type.children()) {
      if (part.name == "profile") {
        CheckProfile(part, type.ChildValue("code"), context, issues);
      } else if (part.name == "targetProfile") {
        CheckTarget(part, targets, context, issues);
      }
    }
  }
}

}  // namespace fhir::validation
