#include "fhir/validation/families/answer_values.hpp"

#include "fhir/base/date_time.hpp"
#include "fhir/base/decimal.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/ucum/ucum.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using model::Node;

std::string_view TypeName(const Node& node) {
  return node.type == metadata::kNoType ? std::string_view{} : Definitions::R4().TypeName(node.type);
}

bool IsNumber(std::string_view type) {
  return type == "integer" || type == "decimal" || type == "positiveInt" || type == "unsignedInt";
}

bool IsDateType(std::string_view type) {
  return type == "date" || type == "dateTime" || type == "instant";
}

bool IsText(std::string_view type) {
  return type == "string" || type == "time" || type == "code" || type == "uri" || type == "url" || type == "markdown";
}

std::optional<std::strong_ordering> CompareDates(std::string_view left, std::string_view right) {
  const auto first = ParseDateTime(left);
  const auto second = ParseDateTime(right);
  if (!first || !second) {
    return std::nullopt;
  }
  const auto first_us = ToRange(*first, "UTC");
  const auto second_us = ToRange(*second, "UTC");
  if (!first_us || !second_us) {
    return std::nullopt;
  }
  return first_us->low_us <=> second_us->low_us;
}

std::optional<std::strong_ordering> CompareNumberTexts(std::string_view left, std::string_view right) {
  const auto order = CompareDecimals(left, right);
  return order ? std::optional(*order) : std::nullopt;
}

std::optional<std::strong_ordering> CompareQuantities(const Node& left, const Node& right) {
  const std::string_view system = left.ChildValue("system");
  const std::string_view code = left.ChildValue("code");
  if (system != right.ChildValue("system") || system.empty() || code.empty()) {
    return std::nullopt;
  }
  if (code == right.ChildValue("code")) {
    return CompareNumberTexts(left.ChildValue("value"), right.ChildValue("value"));
  }
  if (system != ucum::kSystem) {
    return std::nullopt;
  }
  return ucum::Compare({.value = left.ChildValue("value"), .unit = code},
                       {.value = right.ChildValue("value"), .unit = right.ChildValue("code")});
}

}  // namespace

const Node* ChoiceChild(const Node& parent, std::string_view base_name) {
  const Definitions& definitions = Definitions::R4();
  for (const Node& child : parent.children()) {
    if (child.row != nullptr && definitions.Text(child.row->base_name) == base_name) {
      return &child;
    }
  }
  return nullptr;
}

std::optional<std::strong_ordering> CompareValues(const Node& left, const Node& right) {
  const std::string_view type = TypeName(left);
  const std::string_view other = TypeName(right);
  if (IsNumber(type) && IsNumber(other)) {
    return CompareNumberTexts(left.value, right.value);
  }
  if (IsDateType(type) && IsDateType(other)) {
    return CompareDates(left.value, right.value);
  }
  if (IsText(type) && IsText(other)) {
    return left.value <=> right.value;
  }
  return type == "Quantity" && other == "Quantity" ? CompareQuantities(left, right) : std::nullopt;
}

bool EqualAnswers(const Node& left, const Node& right) {
  const std::string_view type = TypeName(left);
  if (type == "Coding" || type == "Reference") {
    return type == TypeName(right) && left.ChildValue("system") == right.ChildValue("system") &&
           left.ChildValue("code") == right.ChildValue("code") &&
           left.ChildValue("reference") == right.ChildValue("reference");
  }
  if (const auto order = CompareValues(left, right)) {
    return *order == std::strong_ordering::equal;
  }
  return type == TypeName(right) && left.HasValue() && left.value == right.value;
}

const Node* ValueOfExtension(const Node& node, std::string_view url) {
  for (const Node& extension : node.children()) {
    if (extension.name == "extension" && extension.ChildValue("url") == url) {
      return ChoiceChild(extension, "value");
    }
  }
  return nullptr;
}

}  // namespace fhir::validation
