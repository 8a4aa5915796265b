#include "gateway/store/transaction/write_guard.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fhir/search/types/reference.hpp"
#include "gateway/store/transaction/grant_check.hpp"

namespace gateway::store::transaction {
namespace {

using adapters::port::Effect;
using fhir::metadata::Definitions;
using fhir::metadata::TypeId;
using fhir::model::Node;

/// (type, id) of what a resource refers to → where it does so first.
using Targets = std::map<std::pair<TypeId, std::string>, const Node*>;

struct GuardedTypes {
  const Definitions& definitions = Definitions::R4();
  TypeId patient = definitions.FindType("Patient");
  TypeId binary = definitions.FindType("Binary");
  TypeId reference = definitions.FindType("Reference");
  TypeId uri = definitions.FindType("uri");
};

void CollectTargets(const GuardedTypes& types, std::string_view base_url, const Node& node, Targets& found) {
  if (node.HasValue() && node.parent != nullptr) {
    const bool link = (node.parent->type == types.reference && node.name == "reference") ||
                      (node.type != fhir::metadata::kNoType && types.definitions.IsA(node.type, types.uri));
    if (link) {
      const auto parts = fhir::search::SplitReference(node.value, base_url, types.definitions);
      const TypeId type = parts && !parts->id.empty() ? types.definitions.FindType(parts->type) : TypeId{};
      if (parts && !parts->id.empty() && (type == types.patient || type == types.binary)) {
        found.emplace(std::pair(type, std::string(parts->id)), &node);
      }
    }
  }
  for (const auto& child : node.children()) {
    CollectTargets(types, base_url, child, found);
  }
}

std::string PathBelowRoot(const Node& node) {
  if (node.parent == nullptr) {
    return {};
  }
  std::size_t before = 0;
  std::size_t all = 0;
  for (const auto& sibling : node.parent->children()) {
    before = &sibling == &node ? all : before;
    all += sibling.name == node.name ? 1 : 0;
  }
  return fmt::format("{}.{}{}", PathBelowRoot(*node.parent), node.name, all > 1 ? fmt::format("[{}]", before) : "");
}

std::unexpected<fhir::Error> Refused(const Step& step, const Node& node, std::string_view text) {
  fhir::Error error;
  error.code = fhir::ErrorCode::kForbidden;
  error.public_text.text = text;
  error.expression =
      (step.change.place.empty() ? std::string(Definitions::R4().TypeName(step.change.type)) : step.change.place) +
      PathBelowRoot(node);
  return std::unexpected(std::move(error));
}

constexpr std::string_view kPatientsFixed = "The party may not change which patients a resource refers to.";
constexpr std::string_view kNotReferable = "The party may not refer to this.";
constexpr std::string_view kReservedSystem = "The party may not give identifiers of this system.";

fhir::Result<void> CheckPatientsKept(const GuardedTypes& types, const Step& step, const Targets& before,
                                     const Targets& after) {
  for (const auto& [target, node] : after) {
    if (target.first == types.patient && !before.contains(target)) {
      return Refused(step, *node, kPatientsFixed);
    }
  }
  for (const auto& [target, node] : before) {
    if (target.first == types.patient && !after.contains(target)) {
      return Refused(step, *node, kPatientsFixed);
    }
  }
  return {};
}

fhir::Result<void> CheckIdentifiers(const ApplyContext& context, const Step& step) {
  const auto& reserved = context.grants.reserved_identifier_systems;
  if (reserved.empty()) {
    return {};
  }
  std::set<std::pair<std::string_view, std::string_view>> stored;
  const auto is_identifier = [](const Node& node) {
    return node.name == "identifier" || node.name == "masterIdentifier";
  };
  if (step.before) {
    for (const auto& child : step.before->root().children()) {
      if (is_identifier(child)) {
        stored.emplace(child.ChildValue("system"), child.ChildValue("value"));
      }
    }
  }
  for (const auto& child : step.change.resource->root().children()) {
    if (!is_identifier(child)) {
      continue;
    }
    const std::string_view system = child.ChildValue("system");
    const bool taken =
        std::any_of(reserved.begin(), reserved.end(), [&](const auto& prefix) { return system.starts_with(prefix); });
    if (taken && !stored.contains({system, child.ChildValue("value")})) {
      return Refused(step, child, kReservedSystem);
    }
  }
  return {};
}

struct NewLink {
  const Step* step;
  const Node* node;
  TypeId type;
  std::string id;
};

fhir::Result<void> CheckReadable(const ApplyContext& context, const std::vector<NewLink>& links) {
  IdsByType all;
  for (const auto& link : links) {
    all[link.type].push_back(link.id);
  }
  auto readable = CheckGranted(context.session, context.grants, all, adapters::port::kRead);
  if (readable || readable.error().code != fhir::ErrorCode::kForbidden) {
    return readable;
  }
  for (const auto& link : links) {
    const IdsByType one{{link.type, {link.id}}};
    if (const auto found = CheckGranted(context.session, context.grants, one, adapters::port::kRead); !found) {
      return found.error().code == fhir::ErrorCode::kForbidden ? Refused(*link.step, *link.node, kNotReferable) : found;
    }
  }
  return readable;
}

}  // namespace

fhir::Result<void> CheckWriteRules(const ApplyContext& context, std::span<const Step> steps) {
  if (context.grants.unrestricted) {
    return {};
  }
  const GuardedTypes types;
  std::set<std::pair<TypeId, std::string>> made;
  for (const auto& earlier : context.earlier) {
    if (earlier.effect == Effect::kCreated && !earlier.by_reaction) {
      made.emplace(earlier.type, earlier.id);
    }
  }
  for (const auto& step : steps) {
    if (step.effect == Effect::kCreated) {
      made.emplace(step.change.type, step.id);
    }
  }
  std::vector<NewLink> links;
  for (const auto& step : steps) {
    if (step.effect != Effect::kCreated && step.effect != Effect::kUpdated) {
      continue;
    }
    GW_TRY(CheckIdentifiers(context, step));
    Targets before;
    Targets after;
    CollectTargets(types, context.options.base_url, step.change.resource->root(), after);
    if (step.before) {
      CollectTargets(types, context.options.base_url, step.before->root(), before);
      GW_TRY(CheckPatientsKept(types, step, before, after));
    }
    for (const auto& [target, node] : after) {
      if (!before.contains(target) && !made.contains(target)) {
        links.push_back({&step, node, target.first, target.second});
      }
    }
  }
  return links.empty() ? fhir::Result<void>() : CheckReadable(context, links);
}

}  // namespace gateway::store::transaction
