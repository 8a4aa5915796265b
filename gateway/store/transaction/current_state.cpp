#include "gateway/store/transaction/current_state.hpp"

#include <algorithm>
#include <utility>

#include "gateway/store/transaction/grant_check.hpp"
#include "gateway/store/transaction/versions.hpp"

namespace gateway::store::transaction {
namespace {

using adapters::port::Verb;
using fhir::ErrorCode;

constexpr const char* kOtherVersion = "The resource is not at the version that If-Match names.";
constexpr const char* kThereAlready = "The resource is there already, at a version that If-None-Match names.";

std::unexpected<fhir::Error> NothingToPatch(const ApplyContext& context, const Step& step) {
  // Who may see a resource that was deleted is not known any more.
  const bool gone = step.head && context.grants.unrestricted;
  return FailAt(step, gone ? ErrorCode::kGone : ErrorCode::kNotFound,
                gone ? "The resource has been deleted." : "There is no such resource.");
}

// A patch tells about what it finds, by its tests and by what of it fits: so the resource must be one that the party
// can read, and one that it cannot is not there. Versions are compared after that.
fhir::Result<void> CheckReadableToPatch(const ApplyContext& context, const std::vector<Step>& steps,
                                        const IdsByType& patched) {
  auto readable = CheckGranted(context.session, context.grants, patched, adapters::port::kRead);
  for (const auto& step : steps) {
    if (step.change.verb != Verb::kPatch) {
      continue;
    }
    if (!readable && readable.error().code == ErrorCode::kForbidden) {
      const IdsByType one{{step.change.type, {step.id}}};
      const auto alone = CheckGranted(context.session, context.grants, one, adapters::port::kRead);
      if (!alone && alone.error().code == ErrorCode::kForbidden) {
        return FailAt(step, ErrorCode::kNotFound, "There is no such resource.");
      }
    } else if (!readable) {
      break;
    } else if (step.change.if_match && !step.change.if_match->Name(step.head->version)) {
      return FailAt(step, ErrorCode::kVersionConflict, kOtherVersion);
    }
  }
  return readable;
}

}  // namespace

fhir::Result<void> ReadCurrent(const ApplyContext& context, std::vector<Step>& steps) {
  std::vector<ResourceKey> locked;
  std::vector<ResourceKey> shared;
  for (const auto& step : steps) {
    if (step.same_as || step.fresh || step.id.empty()) {
      continue;
    }
    const bool shared_read = step.change.verb == Verb::kCreate && step.matched;
    (shared_read ? shared : locked).push_back(KeyOf(step));
  }
  std::sort(locked.begin(), locked.end());
  GW_ASSIGN(auto heads, LockAndReadHeads(context.session, locked, shared));
  IdsByType updated;
  IdsByType deleted;
  IdsByType patched;
  for (auto& step : steps) {
    if (step.same_as || step.id.empty()) {
      continue;
    }
    auto& source = step.change.verb == Verb::kCreate && step.matched ? heads.read : heads.locked;
    if (const auto found = source.find(KeyOf(step)); found != source.end()) {
      step.head = found->second;
    }
    const bool live = step.head && !step.head->deleted;
    if (step.change.verb == Verb::kPatch) {
      if (!live) {
        return NothingToPatch(context, step);
      }
      patched[step.change.type].push_back(step.id);
    } else if (step.change.if_match && !live) {
      return FailAt(step, ErrorCode::kVersionConflict, kOtherVersion);
    }
    if (step.change.verb == Verb::kCreate) {
      if (!step.matched && step.head) {
        return FailAt(step, ErrorCode::kConflict, "A resource of that id exists.");
      }
      if (step.matched && !live) {
        auto gone = FailAt(step, ErrorCode::kConflict, "The resource that matched was deleted meanwhile.");
        gone.error().retry = fhir::Retry::kLater;
        return gone;
      }
      continue;
    }
    if (step.change.existing_only && !step.head && !step.fresh) {
      return FailAt(step, ErrorCode::kNotFound,
                    "There is no resource of this id, and this server does not let clients choose ids.");
    }
    if (AmendsNothing(step)) {
      continue;
    }
    // Who may see a resource that was deleted is not known any more.
    if (step.change.verb != Verb::kDelete && step.head && step.head->deleted && !context.grants.unrestricted) {
      return FailAt(step, ErrorCode::kForbidden, "The party may not bring back a deleted resource.");
    }
    if (live) {
      (step.change.verb == Verb::kDelete ? deleted : updated)[step.change.type].push_back(step.id);
    }
  }
  GW_TRY(CheckReadableToPatch(context, steps, patched));
  GW_TRY(CheckGranted(context.session, context.grants, updated, adapters::port::kUpdate));
  GW_TRY(CheckGranted(context.session, context.grants, deleted, adapters::port::kDelete));
  // Compared last: whoever may not change a resource does not learn its version either.
  for (const auto& step : steps) {
    if (step.same_as || step.id.empty() || !step.head) {
      continue;
    }
    if (step.change.if_match && !step.change.if_match->Name(step.head->version)) {
      return FailAt(step, ErrorCode::kVersionConflict, kOtherVersion);
    }
    if (step.change.if_none_match && !step.head->deleted && step.change.if_none_match->Name(step.head->version)) {
      return FailAt(step, ErrorCode::kVersionConflict, kThereAlready);
    }
  }
  return {};
}

}  // namespace gateway::store::transaction
