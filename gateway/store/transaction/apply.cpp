#include "gateway/store/transaction/apply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <unordered_map>

#include "fhir/base/date_time.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "gateway/store/transaction/conditions.hpp"
#include "gateway/store/transaction/contained_rows.hpp"
#include "gateway/store/transaction/delete_check.hpp"
#include "gateway/store/transaction/grant_check.hpp"
#include "gateway/store/transaction/index_rows.hpp"
#include "gateway/store/transaction/links.hpp"
#include "gateway/store/transaction/merge.hpp"
#include "gateway/store/transaction/reference_check.hpp"
#include "gateway/store/transaction/search_parameter_rows.hpp"
#include "gateway/store/transaction/versions.hpp"
#include "gateway/store/transaction/write_guard.hpp"
#include "gateway/store/type_codes.hpp"

namespace gateway::store::transaction {
namespace {

using adapters::port::Effect;
using adapters::port::Verb;
using fhir::ErrorCode;

constexpr const char* kOtherType = "The resource is missing or of another type than the request says.";
constexpr const char* kOtherVersion = "The resource is not at the version that If-Match names.";
/// What of a large transaction is made trees and written at a time.
constexpr std::size_t kHeldStepsTogether = 500;
constexpr std::size_t kHeldBytesTogether = 2u * 1024 * 1024;

constexpr const char* kThereAlready = "The resource is there already, at a version that If-None-Match names.";

std::unexpected<fhir::Error> FailAt(const Step& step, ErrorCode code, std::string text) {
  fhir::Error error;
  error.code = code;
  error.public_text.text = std::move(text);
  error.expression = step.change.place;
  return std::unexpected(std::move(error));
}

std::unexpected<fhir::Error> AtPlace(const Step& step, fhir::Error error) {
  if (error.expression.empty()) {
    error.expression = step.change.place;
  }
  return std::unexpected(std::move(error));
}

ResourceKey KeyOf(const Step& step) {
  return {TypeCode(step.change.type), step.id};
}

bool Writes(const Step& step) {
  return !step.same_as && step.effect != Effect::kUnchanged;
}

/// A merge into what is stored, where nothing is: it is left alone. Asked when the heads are known.
bool AmendsNothing(const Step& step) {
  return step.change.verb == Verb::kMerge && step.change.existing_only && !(step.head && !step.head->deleted);
}

// Stage 0: what can be refused without the database.
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
    return FailAt(step, ErrorCode::kInvalid, kOtherType);
  }
  if (change.verb != Verb::kCreate && change.id.empty() && !change.condition) {
    return FailAt(step, ErrorCode::kInvalid, "An update needs an id or a condition.");
  }
  return {};
}

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

// Stage 1: conditions to ids, equal ones taken together.
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

// Stage 2: every step that will write has an id; no two write the same resource.
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

// Stage 3: current states, locked in the order of (type, id), and what must hold of them.
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

fhir::Result<void> ParseBefore(const ApplyContext& context, Step& step) {
  if (!step.head || step.head->deleted || step.before) {
    return {};
  }
  fhir::IssueList ignored(1);
  auto document = fhir::json::ReadJson(step.head->body, context.options.limits, ignored);
  if (!document) {
    return fhir::Fail(
        ErrorCode::kInternal, {"A stored resource cannot be read."},
        {fmt::format("body of type {} version {} is not readable", step.change.type, step.head->version)});
  }
  step.before = *std::move(document);
  return {};
}

// Stage 3b: what patches make of the states that are locked now. Their references are rewritten like those of others.
fhir::Result<void> ApplyPatches(const ApplyContext& context, std::vector<Step>& steps, std::string_view now_text) {
  std::vector<Step*> patches;
  for (auto& step : steps) {
    if (step.change.verb != Verb::kPatch) {
      continue;
    }
    GW_TRY(ParseBefore(context, step));
    auto patched = step.change.patch(step.before->root(), now_text);
    if (!patched) {
      return AtPlace(step, std::move(patched).error());
    }
    if (patched->root().type != step.change.type || patched->id() != step.id) {
      return FailAt(step, ErrorCode::kInvalid, "A patch may not change the type or the id of a resource.");
    }
    step.change.resource.emplace(*std::move(patched));
    patches.push_back(&step);
  }
  if (patches.empty()) {
    return {};
  }
  GW_ASSIGN(const LinkTargets targets, CollectLinks(context, steps));
  for (Step* step : patches) {
    RewriteLinks(context, targets, *step);
  }
  return {};
}

/// The versions of a resource follow each other in time too: whoever writes the later one may have begun before the
/// other, or on a node whose clock is behind.
std::int64_t TimeOfNext(const ApplyContext& context, const Step& step) {
  return step.head ? std::max(context.now_us, step.head->last_updated_us + 1) : context.now_us;
}

// Stage 4 and 5: the resource to store, if it differs from what is stored, and the rules it must keep.
fhir::Result<void> Compose(const ApplyContext& context, Step& step, std::string_view now_text,
                           fhir::IssueList& issues) {
  using fhir::json::WriteStored;
  auto& result = step.result;
  result.type = step.change.type;
  result.id = step.id;
  result.version = step.head ? step.head->version : 0;
  if (step.change.verb == Verb::kDelete) {
    result.deleted = true;
    if (step.head && !step.head->deleted) {
      step.effect = Effect::kDeleted;
      result.version += 1;
      result.last_updated_us = TimeOfNext(context, step);
      return ParseBefore(context, step);
    }
    result.last_updated_us = step.head ? step.head->last_updated_us : 0;
    return {};
  }
  if (step.change.verb == Verb::kCreate && step.matched) {
    result = *step.head;
    return {};
  }
  if (AmendsNothing(step)) {
    return {};
  }
  GW_TRY(ParseBefore(context, step));
  auto& document = *step.change.resource;
  if (step.change.verb == Verb::kMerge && step.before) {
    document = Merge(step.before->root(), step.change);
  } else if (step.change.verb == Verb::kMerge) {
    TakeWhatIsGone(document, step.change);
  }
  if (document.id() != step.id) {
    document.RemoveAll(document.root(), "id");
    document.Add(document.root(), "id", step.id);
  }
  if (step.before) {
    const std::string stored_text = fhir::FormatInstant(step.head->last_updated_us);
    const std::string as_stored =
        WriteStored(document.root(), {.id = step.id, .version = step.head->version, .last_updated = stored_text});
    if (as_stored == step.head->body) {
      result = *step.head;
      return {};
    }
  }
  fhir::IssueList found(context.options.limits.issues_max);
  if (context.options.check != nullptr) {
    context.options.check->Check(document.root(), now_text, found);
  } else {
    fhir::validation::ValidateStructure(document.root(), context.options.validation, found);
  }
  for (const auto& issue : found.issues()) {
    std::string expression = issue.expression;
    if (!step.change.place.empty()) {
      const std::size_t dot = expression.find('.');
      expression = step.change.place + (dot == std::string::npos ? std::string() : expression.substr(dot));
    }
    issues.AddAt(std::move(expression), issue.severity, issue.type, issue.text, issue.offset);
  }
  issues.CountLeftOut(found);
  if (found.HasErrors()) {
    return FailAt(step, ErrorCode::kInvalid, "The resource breaks rules of FHIR R4; see the issues.");
  }
  step.effect = step.before ? Effect::kUpdated : Effect::kCreated;
  result.version += 1;
  result.last_updated_us = TimeOfNext(context, step);
  const std::string time_text = fhir::FormatInstant(result.last_updated_us);
  result.body = WriteStored(document.root(), {.id = step.id, .version = result.version, .last_updated = time_text});
  return {};
}

// Stage 6 and 7: index values and all writes.
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

// Stages 4 to 7 of some of the steps.
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

// Stage 8 of a restricted actor: what was written lies inside its grants.
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

fhir::Result<void> ReadHeld(const ApplyContext& context, Step& step) {
  fhir::IssueList found(1);
  auto document = fhir::json::ReadJson(step.change.resource_text, context.options.limits, found);
  if (!document || found.HasErrors() || document->root().type != step.change.type) {
    return FailAt(step, ErrorCode::kInvalid, kOtherType);
  }
  step.change.resource.emplace(*std::move(document));
  return {};
}

std::uint16_t InteractionOf(Verb verb) {
  switch (verb) {
    case Verb::kCreate:
      return adapters::port::kCreate;
    case Verb::kUpdate:
    case Verb::kMerge:
      return adapters::port::kUpdate | adapters::port::kCreate;
    case Verb::kPatch:
      return adapters::port::kUpdate;
    case Verb::kDelete:
      return adapters::port::kDelete;
  }
  return 0;
}

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
