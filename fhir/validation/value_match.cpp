#include "fhir/validation/value_match.hpp"

#include <fmt/format.h>

#include "fhir/base/date_time.hpp"
#include "fhir/base/decimal.hpp"
#include "fhir/ucum/ucum.hpp"

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

/// Whether one of the repetitions is what the definition wants of them.
bool HasMatch(const Node& node, const Node& part, MatchRule rule) {
  for (const Node& child : node.children()) {
    if (child.name == part.name &&
        (rule == MatchRule::kFixed ? EqualsFixed(child, part) : MatchesPattern(child, part))) {
      return true;
    }
  }
  return false;
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

Difference FirstDifference(const Node& node, const Node& wanted, MatchRule rule) {
  if ((rule == MatchRule::kFixed || wanted.HasValue()) && !SameValue(node, wanted)) {
    return {.node = &node, .missing = {}, .wanted = &wanted};
  }
  for (const Node& part : wanted.children()) {
    if (part.name == "id") {
      continue;
    }
    if (part.row != nullptr && part.row->repeats) {
      if (!HasMatch(node, part, rule)) {
        return {.node = &node, .missing = {}, .wanted = &part};
      }
      continue;
    }
    const Node* found = node.Child(part.name);
    if (found == nullptr) {
      return {.node = &node, .missing = part.name, .wanted = &part};
    }
    if (rule == MatchRule::kFixed ? !EqualsFixed(*found, part) : !MatchesPattern(*found, part)) {
      return FirstDifference(*found, part, rule);
    }
  }
  for (const Node& part : node.children()) {
    if (part.name != "id" && wanted.Child(part.name) == nullptr) {
      return {.node = &part, .missing = {}, .wanted = nullptr};
    }
  }
  return {.node = &node, .missing = {}, .wanted = &wanted};  // another order, or another number of them
}

std::string Describe(const Node& value) {
  constexpr std::size_t kPartsMax = 4;
  if (value.HasValue()) {
    return std::string(value.value);
  }
  std::string text;
  std::size_t parts = 0;
  const auto add = [&](const auto& self, const Node& within) -> void {
    for (const Node& part : within.children()) {
      if (!part.HasValue()) {
        self(self, part);
      } else if (parts++ < kPartsMax) {
        text += fmt::format("{}{} {}", text.empty() ? "" : ", ", part.name, part.value);
      }
    }
  };
  add(add, value);
  return parts > kPartsMax ? text + " …" : text;
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
  if (left == nullptr || right == nullptr || node.ChildValue("system") != limit.ChildValue("system")) {
    return std::nullopt;
  }
  if (node.ChildValue("code") != limit.ChildValue("code")) {
    if (limit.ChildValue("system") != ucum::kSystem) {
      return std::nullopt;
    }
    const auto order = ucum::Compare({.value = left->value, .unit = node.ChildValue("code")},
                                     {.value = right->value, .unit = limit.ChildValue("code")});
    return order ? std::optional<std::partial_ordering>(*order) : std::nullopt;
  }
  return CompareNumbers(left->value, right->value);
}

}  // namespace fhir::validation
