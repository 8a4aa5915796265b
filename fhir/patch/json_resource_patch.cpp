// JSON Patch on resources: into JSON, patched, and read again by the same strict reader as every other resource.
#include <algorithm>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "fhir/base/issue.hpp"
#include "fhir/json/reader.hpp"
#include "fhir/json/writer.hpp"
#include "fhir/patch/json_patch.hpp"

namespace fhir::patch {
namespace {

using json::Value;

constexpr std::size_t kStepsSearchedMax = 50;  // for the operation that spoilt the result, which costs a reading each

bool IsEmptyContainer(const Value& value) {
  if (value.IsArray()) {
    // An array of `_given` with nothing but nulls says nothing either.
    return std::ranges::all_of(value.items(), &Value::IsNull);
  }
  return value.IsObject() && value.members().empty();
}

/// Takes away what a removal left empty, from the place of the removal upwards.
void PruneUpwards(Value& document, const Pointer& removed) {
  for (std::size_t count = removed.size() - 1; count > 0; --count) {
    const Value* container = Find(document, removed, count);
    if (container == nullptr || !IsEmptyContainer(*container)) {
      return;
    }
    Value& parent = *Find(document, removed, count - 1);
    const std::string& token = removed[count - 1];
    if (parent.IsArray()) {
      parent.items().erase(parent.items().begin() + static_cast<std::ptrdiff_t>(*ArrayIndex(token)));
    } else {
      auto& members = parent.members();
      members.erase(std::ranges::find(members, token, &json::Member::name));
    }
  }
}

void Prune(Value& document, const JsonPatch& patch, std::size_t steps) {
  // Backwards, so that indexes of earlier removals still hold when later ones have changed the same arrays.
  for (std::size_t i = steps; i > 0; --i) {
    const JsonStep& step = patch.steps[i - 1];
    const bool removes = step.operation == JsonOperation::kRemove;
    const Pointer& place = removes ? step.path : step.from;
    if ((removes || step.operation == JsonOperation::kMove) && !place.empty()) {
      PruneUpwards(document, place);
    }
  }
}

/// Children in the order of the definition, as XML needs them: JSON Patch appends. False when a choice has two types.
bool PutInOrder(model::Node& node) {
  struct Place {
    std::uint16_t group;
    std::size_t position;  // keeps what is of one group as it was
    model::Node* child;
  };
  std::vector<Place> order;
  for (model::Node& child : node.children()) {
    if (!PutInOrder(child)) {
      return false;
    }
    const auto group = child.row != nullptr ? child.row->group : std::numeric_limits<std::uint16_t>::max();
    order.push_back({group, order.size(), &child});
  }
  if (order.empty()) {
    return true;
  }
  std::ranges::sort(order, {}, [](const Place& place) { return std::pair(place.group, place.position); });
  node.first_child = order.front().child;
  node.last_child = order.back().child;
  node.last_child->next = nullptr;
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    model::Node* next = order[i + 1].child;
    order[i].child->next = next;
    if (next->row != nullptr && order[i].group == order[i + 1].group && next->name != order[i].child->name) {
      return false;
    }
  }
  return true;
}

/// The text of the first `steps` operations' result, when they can be applied. The value, which takes many times the
/// memory of its text, is gone before the text is read.
Patched<std::string> ResultText(std::string_view original, const JsonPatch& patch, std::size_t steps,
                                const Limits& limits, const PatchLimits& patch_limits) {
  auto value = json::ReadValue(original, {.bytes_max = std::min(limits.body_bytes_max, patch_limits.result_bytes_max),
                                          .depth_max = limits.depth_max});
  if (!value) {
    return Refuse(FailureKind::kTooLarge, value.error().public_text.text);
  }
  if (auto applied = ApplyFirstSteps(patch, steps, *value, patch_limits); !applied) {
    return std::unexpected(std::move(applied).error());
  }
  Prune(*value, patch, steps);
  return json::WriteValue(*value);
}

Patched<model::Document> ReadResult(std::string_view text, const Limits& limits) {
  IssueList issues(limits.issues_max);
  auto document = json::ReadJson(text, limits, issues);
  if (!document) {
    const bool too_large = document.error().code == ErrorCode::kTooLarge;
    return Refuse(too_large ? FailureKind::kTooLarge : FailureKind::kResultInvalid, document.error().public_text.text);
  }
  for (const Issue& issue : issues.issues()) {
    if (issue.severity == Severity::kError || issue.severity == Severity::kFatal) {
      return Refuse(FailureKind::kResultInvalid,
                    fmt::format("the result is invalid at {}: {}", issue.expression, issue.text));
    }
  }
  if (!PutInOrder(document->root())) {
    return Refuse(FailureKind::kResultInvalid, "the result is invalid: a choice has values of two types");
  }
  return *std::move(document);
}

/// Names the operation after which the result stays invalid. Results in between may be invalid and be mended later.
void NameCulprit(Failure& failure, std::string_view original, const JsonPatch& patch, const Limits& limits,
                 const PatchLimits& patch_limits) {
  if (patch.steps.size() > kStepsSearchedMax) {
    return;
  }
  for (std::size_t i = 0; i < patch.steps.size(); ++i) {
    const auto text = ResultText(original, patch, i + 1, limits, patch_limits);
    if (!text) {
      return;
    }
    if (ReadResult(*text, limits)) {
      failure.operation.reset();
    } else if (!failure.operation) {
      failure.operation = i;
      failure.path = patch.path_texts[i];
    }
  }
}

}  // namespace

Patched<model::Document> PatchResource(const model::Node& resource, const JsonPatch& patch, const Limits& limits,
                                       const PatchLimits& patch_limits) {
  const std::string original = json::WriteJson(resource);
  const auto text = ResultText(original, patch, patch.steps.size(), limits, patch_limits);
  if (!text) {
    return std::unexpected(text.error());
  }
  auto result = ReadResult(*text, limits);
  if (!result && result.error().kind == FailureKind::kResultInvalid) {
    Failure failure = std::move(result).error();
    NameCulprit(failure, original, patch, limits, patch_limits);
    return std::unexpected(std::move(failure));
  }
  return result;
}

}  // namespace fhir::patch
