#include "fhir/validation/families/answer_limits.hpp"

#include <algorithm>
#include <charconv>
#include <compare>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "fhir/base/base64.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/families/answer_values.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using model::Node;

constexpr std::string_view kMinValue = "http://hl7.org/fhir/StructureDefinition/minValue";
constexpr std::string_view kMaxValue = "http://hl7.org/fhir/StructureDefinition/maxValue";
constexpr std::string_view kMinQuantity =
    "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-minQuantity";
constexpr std::string_view kMaxQuantity =
    "http://hl7.org/fhir/uv/sdc/StructureDefinition/sdc-questionnaire-maxQuantity";
constexpr std::string_view kMinLength = "http://hl7.org/fhir/StructureDefinition/minLength";
constexpr std::string_view kMaxDecimalPlaces = "http://hl7.org/fhir/StructureDefinition/maxDecimalPlaces";
constexpr std::string_view kMaxSize = "http://hl7.org/fhir/StructureDefinition/maxSize";
constexpr std::string_view kMimeType = "http://hl7.org/fhir/StructureDefinition/mimeType";
constexpr std::string_view kUnitOption = "http://hl7.org/fhir/StructureDefinition/questionnaire-unitOption";
constexpr std::string_view kUnitValueSet = "http://hl7.org/fhir/StructureDefinition/questionnaire-unitValueSet";
constexpr std::string_view kReferenceResource =
    "http://hl7.org/fhir/StructureDefinition/questionnaire-referenceResource";

std::uint64_t NumberOf(std::string_view text, std::uint64_t otherwise) {
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  return parsed.ec == std::errc{} ? number : otherwise;
}

std::size_t CharacterCount(std::string_view utf8) {
  return static_cast<std::size_t>(std::count_if(
      utf8.begin(), utf8.end(), [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U; }));
}

std::vector<const Node*> ValuesOfExtension(const Node& node, std::string_view url) {
  std::vector<const Node*> values;
  for (const Node& extension : node.children()) {
    const Node* value =
        extension.name == "extension" && extension.ChildValue("url") == url ? ChoiceChild(extension, "value") : nullptr;
    if (value != nullptr) {
      values.push_back(value);
    }
  }
  return values;
}

void CheckRange(const Node& item, const Node& value, IssueList& issues) {
  const bool quantity = Definitions::R4().TypeName(value.type) == "Quantity";
  const Node* least = ValueOfExtension(item, quantity ? kMinQuantity : kMinValue);
  const Node* greatest = ValueOfExtension(item, quantity ? kMaxQuantity : kMaxValue);
  for (const Node* limit : {least, greatest}) {
    if (limit == nullptr) {
      continue;
    }
    const std::string_view side = limit == least ? "least" : "greatest";
    const auto order = CompareValues(value, *limit);
    if (!order) {
      if (quantity) {
        Report(value, IssueType::kInvariant,
               fmt::format("a unit that can be compared with the {} value's is expected", side), issues);
      }
    } else if (limit == least ? *order < 0 : *order > 0) {
      Report(value, IssueType::kInvariant,
             fmt::format("a value within the question's limits is expected: it is beyond the {} one", side), issues);
    }
  }
}

void CheckText(const Node& item, const Node& value, IssueList& issues) {
  const std::size_t characters = CharacterCount(value.value);
  if (const Node* least = ValueOfExtension(item, kMinLength);
      least != nullptr && characters < NumberOf(least->value, 0)) {
    Report(value, IssueType::kInvariant, fmt::format("at least {} characters are expected", least->value), issues);
  }
  if (const std::string_view most = item.ChildValue("maxLength");
      !most.empty() && characters > NumberOf(most, UINT64_MAX)) {
    Report(value, IssueType::kInvariant, fmt::format("at most {} characters are expected", most), issues);
  }
  if (item.ChildValue("type") == "string" && value.value.find_first_of("\r\n") != std::string_view::npos) {
    Report(value, IssueType::kInvariant, "one line is expected in an answer of type string", issues,
           Severity::kWarning);
  }
}

void CheckPlaces(const Node& item, const Node& value, IssueList& issues) {
  const Node* most = ValueOfExtension(item, kMaxDecimalPlaces);
  const std::size_t point = value.value.find('.');
  if (most == nullptr || point == std::string_view::npos) {
    return;
  }
  const std::size_t end = std::min(value.value.find_first_of("eE"), value.value.size());
  if (end - point - 1 > NumberOf(most->value, UINT64_MAX)) {
    Report(value, IssueType::kInvariant, fmt::format("at most {} decimal places are expected", most->value), issues);
  }
}

void CheckAttachmentLimits(const Node& item, const Node& answer, const Node& value, IssueList& issues) {
  if (const Node* most = ValueOfExtension(item, kMaxSize); most != nullptr) {
    const auto data = DecodeBase64(value.ChildValue("data"));
    const std::uint64_t size = data && !data->empty() ? data->size() : NumberOf(value.ChildValue("size"), 0);
    if (size > NumberOf(most->value, UINT64_MAX)) {
      Report(answer, IssueType::kRequired, fmt::format("an attachment of at most {} bytes is expected", most->value),
             issues);
    }
  }
  const std::vector<const Node*> types = ValuesOfExtension(item, kMimeType);
  if (!types.empty() && std::none_of(types.begin(), types.end(), [&value](const Node* type) {
        return type->value == value.ChildValue("contentType");
      })) {
    Report(answer, IssueType::kInvariant, "an attachment of a content type that the question allows is expected",
           issues);
  }
}

void CheckUnit(const Node& item, const Node& value, const FamilyContext& context, IssueList& issues) {
  const std::vector<const Node*> options = ValuesOfExtension(item, kUnitOption);
  const std::string_view system = value.ChildValue("system");
  const std::string_view code = value.ChildValue("code");
  if (!options.empty() && std::none_of(options.begin(), options.end(), [&](const Node* option) {
        return option->ChildValue("system") == system && option->ChildValue("code") == code;
      })) {
    Report(value, IssueType::kInvariant, "one of the question's units is expected", issues);
  }
  if (const Node* value_set = ValueOfExtension(item, kUnitValueSet); value_set != nullptr) {
    const terminology::Answer asked = context.terminology.ValidateCode(
        value_set->value, {.system = system, .version = {}, .code = code, .display = {}});
    if (asked.verdict == terminology::Verdict::kNotMember || code.empty()) {
      Report(value, IssueType::kInvariant, "a unit of the question's value set is expected", issues);
    }
  }
}

/// The part that names the type in "Type/id" or "https://…/Type/id"; empty for every other form.
std::string_view ReferenceType(std::string_view reference) {
  reference = reference.substr(0, reference.find("/_history/"));
  const std::size_t id = reference.rfind('/');
  if (id == std::string_view::npos || id == 0 || reference.starts_with("urn:") || reference.starts_with('#')) {
    return {};
  }
  const std::size_t slash = reference.rfind('/', id - 1);
  return reference.substr(slash == std::string_view::npos ? 0 : slash + 1,
                          id - (slash == std::string_view::npos ? 0 : slash + 1));
}

void CheckReferenceType(const Node& item, const Node& value, IssueList& issues) {
  const std::string_view type = ReferenceType(value.ChildValue("reference"));
  if (type.empty()) {
    return;
  }
  const Definitions& definitions = Definitions::R4();
  const std::vector<const Node*> allowed = ValuesOfExtension(item, kReferenceResource);
  if (!definitions.IsResource(definitions.FindType(type))) {
    Report(value, IssueType::kInvariant, "a reference to a resource of a known type is expected", issues);
  } else if (!allowed.empty() &&
             std::none_of(allowed.begin(), allowed.end(), [type](const Node* name) { return name->value == type; })) {
    Report(value, IssueType::kInvariant, "a reference to a type that the question allows is expected", issues);
  }
}

}  // namespace

void CheckAnswerLimits(const Node& item, const Node& answer, const Node& value, const FamilyContext& context,
                       IssueList& issues) {
  CheckRange(item, value, issues);
  const std::string_view type = Definitions::R4().TypeName(value.type);
  if (type == "string" || type == "uri") {
    CheckText(item, value, issues);
  } else if (type == "decimal") {
    CheckPlaces(item, value, issues);
  } else if (type == "Attachment") {
    CheckAttachmentLimits(item, answer, value, issues);
  } else if (type == "Quantity") {
    CheckUnit(item, value, context, issues);
  } else if (type == "Reference") {
    CheckReferenceType(item, value, issues);
  }
}

}  // namespace fhir::validation
