#include "gateway/store/transaction/apply.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>

#include "fhir/base/date_time.hpp"
#include "fhir/metadata/definitions.hpp"
#include "gateway/store/transaction/compose.hpp"
#include "gateway/store/transaction/contained_rows.hpp"
#include "gateway/store/transaction/current_state.hpp"
#include "gateway/store/transaction/delete_check.hpp"
#include "gateway/store/transaction/grant_check.hpp"
#include "gateway/store/transaction/index_rows.hpp"
#include "gateway/store/transaction/links.hpp"
#include "gateway/store/transaction/reference_check.hpp"
#include "gateway/store/transaction/search_parameter_rows.hpp"
#include "gateway/store/transaction/step_targets.hpp"
#include "gateway/store/transaction/versions.hpp"
#include "gateway/store/transaction/write_guard.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::transaction {
namespace {

using adapters::port::Effect;
using adapters::port::Verb;

/// What of a large transaction is made trees and written at a time.
constexpr std::size_t kHeldStepsTogether = 500;
constexpr std::size_t kHeldBytesTogether = 2u * 1024 * 1024;

// Index values and all writes.
void WriteAll(const ApplyContext& context, std::span<Step> steps, fhir::IssueList& issues) {
  const fhir::search::ExtractOptions options{.base_url = context.options.base_url,
                                             .zone = context.options.zone,
                                             .narrative_types = context.options.narrative_types,
                                             .content_types = context.options.content_types};
  std::vector<NewVersion> versions;
  std::vector<IndexChange> changes;
  std::vector<fhir::search::IndexValues> values;
  values.reserve(2 * steps.size());  // IndexChange points into it
  ContainedRows contained(context.extractor, options, issues);
  const auto extract = [&](const fhir::model::Node& resource) {
    values.push_back(context.extractor.Extract(resource, options, issues));
    return &values.back();
  };
  for (auto& step : steps) {
    if (!Writes(step)) {
      continue;
    }
    const std::int16_t type = TypeCode(step.change.type);
    versions.push_back(
        {type, step.id, step.result.version, step.result.last_updated_us, step.result.deleted, step.result.body});
    IndexChange change{.type = type, .id = step.id};
    if (step.effect == Effect::kUpdated) {
      change.before = extract(step.before->root());
    }
    if (step.effect != Effect::kDeleted) {
      change.after = extract(step.change.resource->root());
    }
    changes.push_back(change);
    contained.Note(type, step.id, step.before ? &step.before->root() : nullptr,
                   step.effect != Effect::kDeleted ? &step.change.resource->root() : nullptr);
  }
  contained.AddTo(changes);
  WriteVersions(context.session, versions);
  contained.Write(context.session);
  WriteIndexRows(context.session, changes);
}

/// Whether the resource has to be there before others are looked at: a definition is compared with others, and the id
/// of what a condition finds with the resource's own.
bool IsReadAtOnce(const Step& step) {
  static const auto kSearchParameter = fhir::metadata::Definitions::R4().FindType("SearchParameter");
  return step.change.type == kSearchParameter || (step.change.condition && step.change.verb == Verb::kUpdate);
}

/// All steps; or where some are held as text, as many at a time as may be trees together.
std::vector<std::span<Step>> PartsOf(std::span<Step> steps) {
  if (std::none_of(steps.begin(), steps.end(), IsHeldAsText)) {
    return {steps};
  }
  std::vector<std::span<Step>> parts;
  std::size_t begun = 0;
  std::size_t bytes = 0;
  for (std::size_t i = 0; i < steps.size(); ++i) {
    bytes += steps[i].change.resource_text.size();
    if (bytes > kHeldBytesTogether || i - begun >= kHeldStepsTogether) {
      parts.push_back(steps.subspan(begun, i - begun));
      begun = i;
      bytes = steps[i].change.resource_text.size();
    }
  }
  parts.push_back(steps.subspan(begun));
  return parts;
}

/// What the transaction makes and keeps, told of before the parts are written that make it.
std::vector<adapters::port::AppliedSummary> MadeByAll(const ApplyContext& context, std::span<const Step> steps) {
  std::vector<adapters::port::AppliedSummary> made(context.earlier.begin(), context.earlier.end());
  for (const Step& step : steps) {
    if (step.id.empty() || step.change.verb == Verb::kDelete) {
      continue;
    }
    const bool there = step.matched || (step.head && !step.head->deleted);
    made.push_back({there ? Effect::kUpdated : Effect::kCreated, step.change.type, step.id, 0, false});
  }
  return made;
}

/// Assigning an empty text would keep the memory.
void Free(std::string& text) {
  std::string().swap(text);
}

/// What nobody asks for any more, of steps that are written: reactions look at trees.
void LetGo(const ApplyContext& context, std::span<Step> steps) {
  for (Step& step : steps) {
    const bool followed = !context.followed || context.followed(step.change.type);
    if (!followed && !step.change.resource_text.empty()) {
      step.change.resource.reset();
      step.before.reset();
    }
    if (!step.change.body_wanted) {
      Free(step.result.body);
      if (step.head) {
        Free(step.head->body);
      }
    }
  }
}

// Composes and writes some of the steps.
fhir::Result<void> WritePart(const ApplyContext& context, std::span<Step> steps, const LinkTargets& targets,
                             std::string_view now_text, fhir::IssueList& issues) {
  for (Step& step : steps) {
    if (!step.same_as && IsHeldAsText(step)) {
      GW_TRY(ReadHeld(context, step));
      RewriteLinks(context, targets, step);
      GW_TRY(Compose(context, step, now_text, issues));
    }
  }
  GW_TRY(CheckWriteRules(context, steps));
  if (context.options.references_checked && context.from_outside) {
    GW_TRY(CheckReferences(context, steps));
  }
  if (context.options.deletes_checked && context.from_outside) {
    LockDeleted(context, steps);
  }
  WriteAll(context, steps, issues);
  LetGo(context, steps);
  return {};
}

// Of a restricted actor: what was written lies inside its grants.
fhir::Result<void> CheckWritten(const ApplyContext& context, const std::vector<Step>& steps) {
  if (context.grants.unrestricted) {
    return {};
  }
  IdsByType created;
  IdsByType updated;
  IdsByType patched;
  for (const auto& step : steps) {
    if (Writes(step) && step.effect != Effect::kDeleted) {
      (step.effect == Effect::kCreated ? created : updated)[step.change.type].push_back(step.id);
    }
    if (Writes(step) && step.change.verb == Verb::kPatch) {
      patched[step.change.type].push_back(step.id);
    }
  }
  // The answer to a patch shows the whole resource, of which the party sent a part.
  GW_TRY(CheckGranted(context.session, context.grants, patched, adapters::port::kRead));
  GW_TRY(CheckGranted(context.session, context.grants, created, adapters::port::kCreate));
  return CheckGranted(context.session, context.grants, updated, adapters::port::kUpdate);
}

}  // namespace

fhir::Result<std::vector<Step>> ApplyChanges(const ApplyContext& context, std::vector<adapters::port::Change> changes,
                                             fhir::IssueList& issues) {
  std::vector<Step> steps;
  steps.reserve(changes.size());
  for (auto& change : changes) {
    Step step;
    step.change = std::move(change);
    GW_TRY(CheckShape(context, step));
    if (IsHeldAsText(step) && IsReadAtOnce(step)) {
      GW_TRY(ReadHeld(context, step));
    }
    steps.push_back(std::move(step));
  }
  changes = std::vector<adapters::port::Change>();
  GW_TRY(ResolveStepConditions(context, steps));
  GW_TRY(AssignIds(context, steps));
  GW_ASSIGN(const LinkTargets targets, CollectLinks(context, steps));
  for (Step& step : steps) {
    RewriteLinks(context, targets, step);
  }
  GW_TRY(ReadCurrent(context, steps));
  const std::string now_text = fhir::FormatInstant(context.now_us);
  GW_TRY(ApplyPatches(context, steps, now_text));
  for (auto& step : steps) {
    if (!step.same_as && !IsHeldAsText(step)) {
      GW_TRY(Compose(context, step, now_text, issues));
    }
  }
  GW_TRY(CheckSearchParameters(context, steps, issues));
  const std::vector<std::span<Step>> parts = PartsOf(steps);
  std::vector<adapters::port::AppliedSummary> made;
  ApplyContext beside = context;
  if (parts.size() > 1) {
    made = MadeByAll(context, steps);
    beside.earlier = made;
  }
  for (const std::span<Step> part : parts) {
    GW_TRY(WritePart(beside, part, targets, now_text, issues));
  }
  GW_TRY(CheckWritten(context, steps));
  if (context.options.deletes_checked && context.from_outside) {
    GW_TRY(CheckDeletes(context, steps));
  }
  for (auto& step : steps) {
    if (step.same_as) {
      step.result = steps[*step.same_as].result;
    }
  }
  return steps;
}

}  // namespace gateway::store::transaction
