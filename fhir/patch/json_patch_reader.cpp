// Reads the text of a JSON Patch. Source: RFC 6902, sections 3 and 4.
#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "fhir/patch/json_patch.hpp"

namespace fhir::patch {
namespace {

struct OperationName {
  std::string_view name;
  JsonOperation operation;
};
constexpr std::array<OperationName, 6> kOperationNames = {{
    {"add", JsonOperation::kAdd},
    {"remove", JsonOperation::kRemove},
    {"replace", JsonOperation::kReplace},
    {"move", JsonOperation::kMove},
    {"copy", JsonOperation::kCopy},
    {"test", JsonOperation::kTest},
}};

bool HasValueMember(JsonOperation operation) {
  return operation == JsonOperation::kAdd || operation == JsonOperation::kReplace || operation == JsonOperation::kTest;
}
bool HasFromMember(JsonOperation operation) {
  return operation == JsonOperation::kMove || operation == JsonOperation::kCopy;
}

Patched<Pointer> ReadPointerMember(const json::Value& step, std::string_view name) {
  const json::Value* text = step.Find(name);
  auto pointer = text != nullptr && text->IsString() ? ReadPointer(text->text()) : std::nullopt;
  if (!pointer) {
    return Refuse(FailureKind::kMalformed, fmt::format("a JSON Pointer is expected as '{}'", name));
  }
  return *std::move(pointer);
}

Patched<JsonStep> ReadStep(json::Value& step) {
  if (!step.IsObject()) {
    return Refuse(FailureKind::kMalformed, "an object is expected as operation");
  }
  JsonStep result;
  const std::string_view name = step.FindText("op");
  const auto* known = std::ranges::find(kOperationNames, name, &OperationName::name);
  if (known == kOperationNames.end()) {
    return Refuse(FailureKind::kMalformed, "add, remove, replace, move, copy or test is expected as 'op'");
  }
  result.operation = known->operation;
  auto path = ReadPointerMember(step, "path");
  if (!path) {
    return std::unexpected(std::move(path).error());
  }
  result.path = *std::move(path);
  if (HasFromMember(result.operation)) {
    auto from = ReadPointerMember(step, "from");
    if (!from) {
      return std::unexpected(std::move(from).error());
    }
    result.from = *std::move(from);
    // Section 4.4: the "from" location must not be a proper prefix of the "path" location.
    if (result.operation == JsonOperation::kMove && result.from.size() < result.path.size() &&
        std::equal(result.from.begin(), result.from.end(), result.path.begin())) {
      return Refuse(FailureKind::kMalformed, "a place outside of what is moved is expected as 'path'");
    }
  }
  if (HasValueMember(result.operation)) {
    const auto value = std::ranges::find(step.members(), "value", &json::Member::name);
    if (value == step.members().end()) {
      return Refuse(FailureKind::kMalformed, "a member 'value' is expected");
    }
    result.value = std::move(value->value);
  }
  return result;
}

}  // namespace

Patched<JsonPatch> ReadJsonPatch(std::string_view text, const PatchLimits& limits) {
  auto root = json::ReadValue(text, {.bytes_max = limits.result_bytes_max, .depth_max = limits.depth_max});
  if (!root) {
    const FailureKind kind =
        root.error().code == ErrorCode::kTooLarge ? FailureKind::kTooLarge : FailureKind::kMalformed;
    return Refuse(kind, root.error().public_text.text);
  }
  if (!root->IsArray()) {
    return Refuse(FailureKind::kMalformed, "an array of operations is expected as JSON Patch");
  }
  if (root->items().size() > limits.operations_max) {
    return Refuse(FailureKind::kTooLarge, fmt::format("at most {} operations are expected", limits.operations_max));
  }
  JsonPatch patch;
  patch.text_bytes = text.size();
  patch.steps.reserve(root->items().size());
  for (std::size_t i = 0; i < root->items().size(); ++i) {
    json::Value& item = root->items()[i];
    std::string path(item.FindText("path"));
    auto step = ReadStep(item);
    if (!step) {
      Failure failure = std::move(step).error();
      failure.operation = i;
      failure.path = std::move(path);
      return std::unexpected(std::move(failure));
    }
    patch.steps.push_back(*std::move(step));
    patch.path_texts.push_back(std::move(path));
  }
  return patch;
}

}  // namespace fhir::patch
