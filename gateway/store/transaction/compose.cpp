#include "gateway/store/transaction/compose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "fhir/base/date_time.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "gateway/store/transaction/links.hpp"
#include "gateway/store/transaction/merge.hpp"

namespace gateway::store::transaction {
namespace {

using adapters::port::Effect;
using adapters::port::Verb;
using fhir::ErrorCode;

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

/// The versions of a resource follow each other in time too: whoever writes the later one may have begun before the
/// other, or on a node whose clock is behind.
std::int64_t TimeOfNext(const ApplyContext& context, const Step& step) {
  return step.head ? std::max(context.now_us, step.head->last_updated_us + 1) : context.now_us;
}

}  // namespace

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

}  // namespace gateway::store::transaction
