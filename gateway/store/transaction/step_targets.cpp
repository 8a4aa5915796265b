#include "gateway/store/transaction/step_targets.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "gateway/store/transaction/conditions.hpp"
#include "gateway/store/transaction/grant_check.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::transaction {
namespace {

using adapters::port::Verb;
using fhir::ErrorCode;

std::size_t MatchesMax(const adapters::port::Change& change) {
  // A version is that of one resource.
  const bool one_version = change.if_match && !change.if_match->versions.empty();
  return change.verb == Verb::kDelete && !one_version ? std::max<std::size_t>(1, change.matches_max) : 1;
}

/// A further match of a condition that deletes, as a step of its own.
Step MoreOf(const Step& step, std::size_t position, std::string id) {
  Step more;
  more.change.verb = Verb::kDelete;
  more.change.type = step.change.type;
  more.change.id = id;
  more.change.place = step.change.place;
  more.id = std::move(id);
  more.matched = true;
  more.more_of = position;
  return more;
}

}  // namespace

fhir::Result<void> CheckShape(const ApplyContext& context, const Step& step) {
  const auto& change = step.change;
  if (TypeCode(change.type) == 0) {
    return FailAt(step, ErrorCode::kUnsupported, "The change is not about a resource type.");
  }
  if (auto granted = CheckTypeGranted(context.grants, change.type, InteractionOf(change.verb)); !granted) {
    return AtPlace(step, std::move(granted).error());
  }
  if (change.verb == Verb::kDelete) {
    return {};
  }
  if (change.verb == Verb::kPatch) {
    return change.patch && (!change.id.empty() || change.condition)
               ? fhir::Result<void>()
               : FailAt(step, ErrorCode::kInvalid, "A patch needs operations, and an id or a condition.");
  }
  if (!IsHeldAsText(step) && (!change.resource || change.resource->root().type != change.type)) {
    return FailAt(step, ErrorCode::kInvalid, "The resource is missing or of another type than the request says.");
  }
  if (change.verb != Verb::kCreate && change.id.empty() && !change.condition) {
    return FailAt(step, ErrorCode::kInvalid, "An update needs an id or a condition.");
  }
  return {};
}

fhir::Result<void> ResolveStepConditions(const ApplyContext& context, std::vector<Step>& steps) {
  std::vector<const fhir::search::Query*> conditions;
  std::vector<std::size_t> owners;
  std::vector<std::size_t> wanted;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    if (steps[i].change.condition) {
      conditions.push_back(&*steps[i].change.condition);
      owners.push_back(i);
      wanted.push_back(MatchesMax(steps[i].change) + 1);
    }
  }
  if (conditions.empty()) {
    return {};
  }
  GW_ASSIGN(const auto matches,
            ResolveConditions(context.session, context.grants, conditions, ConditionLock::kExclusive, wanted));
  std::vector<Step> more;
  std::unordered_map<std::uint64_t, std::size_t> creating;
  for (std::size_t n = 0; n < owners.size(); ++n) {
    Step& step = steps[owners[n]];
    if (const std::size_t most = MatchesMax(step.change); matches[n].size() > most) {
      return FailAt(step, ErrorCode::kMultipleMatches,
                    most == 1 ? "The condition matches more than one resource."
                              : fmt::format("The condition matches more than {} resources.", most));
    }
    if (!matches[n].empty()) {
      step.id = matches[n].front();
      step.matched = true;
      for (std::size_t i = 1; i < matches[n].size(); ++i) {
        more.push_back(MoreOf(step, owners[n], matches[n][i]));
      }
      if (step.change.verb == Verb::kUpdate && !step.change.resource->id().empty() &&
          step.change.resource->id() != step.id) {
        return FailAt(step, ErrorCode::kInvalid, "The condition matches a resource of another id.");
      }
      continue;
    }
    if (step.change.verb == Verb::kPatch) {
      return FailAt(step, ErrorCode::kNotFound, "The condition matches no resource.");
    }
    if (step.change.verb == Verb::kCreate) {
      const auto [first, fresh] = creating.emplace(ConditionKey(*step.change.condition), owners[n]);
      if (!fresh) {
        step.same_as = first->second;
      }
    } else if (step.change.verb != Verb::kDelete) {
      step.id = std::string(step.change.resource->id());
      if (!creating.emplace(ConditionKey(*step.change.condition), owners[n]).second) {
        return FailAt(step, ErrorCode::kInvalid, "Two changes of one transaction concern the same resource.");
      }
    }
  }
  std::move(more.begin(), more.end(), std::back_inserter(steps));
  return {};
}

fhir::Result<void> AssignIds(const ApplyContext& context, std::vector<Step>& steps) {
  std::map<ResourceKey, std::size_t> writers;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    Step& step = steps[i];
    if (step.same_as) {
      step.id = steps[*step.same_as].id;
      continue;
    }
    if (step.id.empty() && !step.change.condition) {
      step.id = step.change.id;
    }
    if (step.id.empty() && step.change.verb != Verb::kDelete) {
      step.fresh = step.change.id.empty();
      step.id = step.fresh ? context.options.ids->NewId() : step.change.id;
    }
    if (step.id.empty() || (step.matched && step.change.verb == Verb::kCreate)) {
      continue;
    }
    if (!writers.emplace(KeyOf(step), i).second) {
      return FailAt(step, ErrorCode::kInvalid, "Two changes of one transaction concern the same resource.");
    }
  }
  return {};
}

}  // namespace gateway::store::transaction
