#include "fhir/validation/value_match.hpp"

#include "fhir/base/date_time.hpp"
#include "fhir/base/decimal.hpp"

namespace fhir::validation {
namespace {

using model::Node;

/// The next sibling that is no id.
const Node* SkipId(const Node* node) {
  while (node != nullptr && node->name == "id") {
    node = node->next;
  }
  return node;
}

bool SameValue(const Node& left, const Node& right) {
  return left.HasValue() == right.HasValue() && left.value == right.value;
}

std::optional<std::partial_ordering> CompareTimes(const Node& node, const Node& limit) {
  const auto left = ParseDateTime(node.value);
  const auto right = ParseDateTime(limit.value);
  if (!left || !right) {
    return std::nullopt;
  }
  const auto left_range = ToRange(*left, "UTC");
  const auto right_range = ToRange(*right, "UTC");
  if (!left_range || !right_range) {
    return std::nullopt;
  }
  if (*left_range == *right_range) {
    return std::partial_ordering::equivalent;
  }
  if (left_range->high_us <= right_range->low_us) {
    return std::partial_ordering::less;
  }
  if (left_range->low_us >= right_range->high_us) {
    return std::partial_ordering::greater;
  }
  return std::nullopt;
}

std::optional<std::partial_ordering> CompareNumbers(std::string_view left, std::string_view right) {
  const auto order = CompareDecimals(left, right);
  if (!order) {
    return std::nullopt;
  }
  return *order;
}

}  // namespace

bool EqualsFixed(const Node& node, const Node& fixed) {
  if (!SameValue(node, fixed)) {
    return false;
  }
  const Node* left = SkipId(node.first_child);
  const Node* right = SkipId(fixed.first_child);
  for (; left != nullptr && right != nullptr; left = SkipId(left->next), right = SkipId(right->next)) {
    if (left->name != right->name || !EqualsFixed(*left, *right)) {
      return false;
    }
  }
  return left == nullptr && right == nullptr;
}

bool MatchesPattern(const Node& node, const Node& pattern) {
  if (pattern.HasValue() && !SameValue(node, pattern)) {
    return false;
  }
  for (const Node& wanted : pattern.children()) {
    if (wanted.name == "id") {
      continue;
    }
    bool found = false;
    for (const Node& child : node.children()) {
      if (child.name == wanted.name && MatchesPattern(child, wanted)) {
        found = true;
        break;
      }
    }
    if (!found) {
      return false;
    }
  }
  return true;
}

std::optional<std::partial_ordering> CompareWithLimit(const Node& node, const Node& limit) {
  if (node.HasValue() && limit.HasValue()) {
    if (limit.kind == model::ValueKind::kNumber) {
      return CompareNumbers(node.value, limit.value);
    }
    const std::string_view type = metadata::Definitions::R4().TypeName(limit.type);
    if (type == "time") {
      return node.value <=> limit.value;  // hh:mm:ss: the order of the text
    }
    return CompareTimes(node, limit);
  }
  const Node* left = node.Child("value");
  const Node* right = limit.Child("value");
  if (left == nullptr || right == nullptr || node.ChildValue("code") != limit.ChildValue("code") ||
      node.ChildValue("system") != limit.ChildValue("system")) {
    return std::nullopt;
  }
  return CompareNumbers(left->value, right->value);
}

}  // namespace fhir::validation
