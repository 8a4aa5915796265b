#include "fhir/validation/element_definition.hpp"

#include <charconv>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace fhir::validation {
namespace {

using model::Node;

constexpr std::string_view kDefinitionUrl = "http://hl7.org/fhir/StructureDefinition/";
constexpr std::string_view kSystemType = "http://hl7.org/fhirpath/System.";

/// The value of an extension, whatever its type; null when it has none.
const Node* ExtensionValue(const Node& extension) {
  for (const Node& child : extension.children()) {
    if (child.name.starts_with("value")) {
      return &child;
    }
  }
  return nullptr;
}

const Node* FindExtension(const Node& node, std::string_view url) {
  for (const Node& child : node.children()) {
    if (child.name == "extension" && child.ChildValue("url") == url) {
      return ExtensionValue(child);
    }
  }
  return nullptr;
}

bool IsExtension(const Node& extension, std::string_view name) {
  const std::string_view url = extension.ChildValue("url");
  return url.starts_with(kDefinitionUrl) && url.substr(kDefinitionUrl.size()) == name;
}

/// A whole number in digits alone; nothing for any other text, also for one past what the standard allows (2^31 - 1).
std::optional<std::uint32_t> Count(std::string_view text) {
  std::int32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool digits = !text.empty() && text.front() != '-' && end == text.data() + text.size();
  return digits && error == std::errc{} ? std::optional(static_cast<std::uint32_t>(count)) : std::nullopt;
}

/// Reads a count into `to`. Errors: kInvalid, with what was expected of the part.
Result<void> ReadCount(std::string_view part, std::string_view text, std::uint32_t& to) {
  const std::optional<std::uint32_t> count = Count(text);
  if (!count) {
    return Fail(ErrorCode::kInvalid, fmt::format("expected a whole number from 0 to 2147483647 as {}", part));
  }
  to = *count;
  return {};
}

TypeRule ReadType(const Node& node) {
  TypeRule type;
  type.code = node.ChildValue("code");
  if (type.code.starts_with(kSystemType)) {
    const Node* real = FindExtension(node, "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type");
    type.code = real == nullptr ? std::string() : std::string(real->value);
  }
  type.type = metadata::Definitions::R4().FindType(type.code);
  for (const Node& child : node.children()) {
    if (child.name == "profile") {
      type.profiles.emplace_back(child.value);
    } else if (child.name == "targetProfile") {
      type.target_profiles.emplace_back(child.value);
    } else if (child.name == "aggregation") {
      type.aggregation |= child.value == "contained"    ? kAggregationContained
                          : child.value == "referenced" ? kAggregationReferenced
                          : child.value == "bundled"    ? kAggregationBundled
                                                        : std::uint8_t{0};
    }
  }
  return type;
}

Binding ReadBinding(const Node& node) {
  Binding binding;
  const std::string_view strength = node.ChildValue("strength");
  binding.strength = strength == "required"     ? BindingStrength::kRequired
                     : strength == "extensible" ? BindingStrength::kExtensible
                     : strength == "preferred"  ? BindingStrength::kPreferred
                                                : BindingStrength::kExample;
  binding.value_set = node.ChildValue("valueSet");
  if (const Node* max = FindExtension(node, "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet")) {
    binding.max_value_set = max->value;
  }
  return binding;
}

bool IsAdditionalBinding(std::string_view url) {
  return url.ends_with("/additional-binding") || url.ends_with("ElementDefinition.binding.additional");
}

/// An additional binding that always applies; those with a usage are for contexts that cannot be known here.
std::optional<Binding> ReadAdditionalBinding(const Node& extension) {
  const Node* purpose = FindExtension(extension, "purpose");
  const Node* value_set = FindExtension(extension, "valueSet");
  if (purpose == nullptr || value_set == nullptr || FindExtension(extension, "usage") != nullptr) {
    return std::nullopt;
  }
  Binding binding;
  binding.value_set = value_set->value;
  if (purpose->value == "required" || purpose->value == "maximum") {
    binding.strength = BindingStrength::kRequired;
  } else if (purpose->value == "extensible") {
    binding.strength = BindingStrength::kExtensible;
  } else {
    return std::nullopt;
  }
  return binding;
}

Slicing ReadSlicing(const Node& node) {
  Slicing slicing;
  const std::string_view rules = node.ChildValue("rules");
  slicing.rules = rules == "closed"      ? SlicingRules::kClosed
                  : rules == "openAtEnd" ? SlicingRules::kOpenAtEnd
                                         : SlicingRules::kOpen;
  slicing.ordered = node.ChildValue("ordered") == "true";
  for (const Node& child : node.children()) {
    if (child.name != "discriminator") {
      continue;
    }
    Discriminator discriminator;
    const std::string_view type = child.ChildValue("type");
    discriminator.kind = type == "exists"    ? DiscriminatorKind::kExists
                         : type == "pattern" ? DiscriminatorKind::kPattern
                         : type == "type"    ? DiscriminatorKind::kType
                         : type == "profile" ? DiscriminatorKind::kProfile
                                             : DiscriminatorKind::kValue;
    discriminator.path = child.ChildValue("path");
    discriminator.steps = ParsePath(discriminator.path);
    slicing.discriminators.push_back(std::move(discriminator));
  }
  return slicing;
}

/// The part of a path before its next dot outside of parentheses and quotes.
std::string_view NextStep(std::string_view path) {
  bool quoted = false;
  int depth = 0;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] == '\'') {
      quoted = !quoted;
    } else if (!quoted) {
      depth += path[i] == '(' ? 1 : path[i] == ')' ? -1 : 0;
      if (path[i] == '.' && depth == 0) {
        return path.substr(0, i);
      }
    }
  }
  return path;
}

std::string_view Argument(std::string_view step) {
  std::string_view argument = step.substr(step.find('(') + 1);
  argument = argument.substr(0, argument.rfind(')'));
  if (argument.size() >= 2 && argument.front() == '\'' && argument.back() == '\'') {
    argument = argument.substr(1, argument.size() - 2);
  }
  return argument;
}

}  // namespace

std::vector<PathStep> ParsePath(std::string_view path) {
  std::vector<PathStep> steps;
  while (!path.empty()) {
    const std::string_view step = NextStep(path);
    path = step.size() < path.size() ? path.substr(step.size() + 1) : std::string_view{};
    if (step == "$this" || step.empty()) {
      continue;
    }
    if (step == "resolve()" || step == "reference()") {
      steps.push_back({PathStep::Kind::kResolve, {}});
    } else if (step.starts_with("extension(")) {
      steps.push_back({PathStep::Kind::kExtension, std::string(Argument(step))});
    } else if (step.starts_with("ofType(")) {
      steps.push_back({PathStep::Kind::kOfType, std::string(Argument(step))});
    } else {
      const std::string_view name = step.ends_with("[x]") ? step.substr(0, step.size() - 3) : step;
      steps.push_back({PathStep::Kind::kChild, std::string(name)});
    }
  }
  return steps;
}

ElementDefinitionReader::ElementDefinitionReader(model::Document& values, const CompileContext& context)
    : values_(values), context_(context), holder_(nullptr) {}

const Node* ElementDefinitionReader::Keep(const Node& value) {
  if (holder_ == nullptr) {
    Node& snapshot = values_.Add(values_.root(), "snapshot");
    holder_ = &snapshot;
  }
  Node& element = values_.Append(*holder_, "element", metadata::Definitions::R4().FindChild(holder_->type, "element"));
  return &values_.CopyInto(element, value.name, value);
}

void ElementDefinitionReader::ReadConstraint(const Node& node, ElementRule& rule) const {
  const std::string_view expression = node.ChildValue("expression");
  const std::string_view key = node.ChildValue("key");
  // Part of the walk itself: no element without value or children, and the rules of the type xhtml.
  if (expression.empty() || key == "ele-1" || expression == "htmlChecks()") {
    return;
  }
  const Node* best_practice =
      FindExtension(node, "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice");
  const Constraint constraint(std::string(key),
                              node.ChildValue("severity") == "warning" ? Severity::kWarning : Severity::kError,
                              best_practice != nullptr && best_practice->value == "true",
                              std::string(node.ChildValue("human")), std::string(expression));
  rule.constraints.push_back(context_.share(constraint));
}

Result<void> ElementDefinitionReader::ReadExtension(const Node& extension, ElementRule& rule) {
  const Node* value = ExtensionValue(extension);
  if (value == nullptr) {
    return {};
  }
  // The last two come from later versions of the standard, which profiles of R4 borrow from.
  if (IsExtension(extension, "minLength")) {
    GW_TRY(ReadCount("minLength", value->value, rule.min_length));
  } else if (IsExtension(extension, "maxDecimalPlaces")) {
    GW_TRY(ReadCount("maxDecimalPlaces", value->value, rule.max_decimals));
  } else if (IsExtension(extension, "maxSize")) {
    GW_TRY(ReadCount("maxSize", value->value, rule.max_bytes));
  } else if (IsExtension(extension, "regex")) {
    rule.pattern_text = value->value;
  } else if (IsExtension(extension, "narrative-language-control")) {
    rule.narrative_language = value->value;
  } else if (extension.ChildValue("url").ends_with("ElementDefinition.mustHaveValue")) {
    rule.must_have_value = value->value == "true";
  } else if (extension.ChildValue("url").ends_with("ElementDefinition.valueAlternatives")) {
    rule.value_alternatives.emplace_back(value->value);
  }
  return {};
}

Result<void> ElementDefinitionReader::ReadCardinality(const Node& element, ElementRule& rule) {
  if (const Node* min = element.Child("min")) {
    GW_TRY(ReadCount("min", min->value, rule.min));
  }
  const Node* max = element.Child("max");
  if (max != nullptr && max->value == "*") {
    rule.max = kUnbounded;
  } else if (max != nullptr && !Count(max->value)) {
    return Fail(ErrorCode::kInvalid, "expected a whole number from 0 to 2147483647 or * as max");
  } else if (max != nullptr) {
    rule.max = *Count(max->value);
  }
  if (rule.max < rule.min) {
    return Fail(ErrorCode::kInvalid, fmt::format("expected a max of at least the min, which is {}", rule.min));
  }
  return {};
}

Result<void> ElementDefinitionReader::Read(const Node& element, ElementRule& rule) {
  rule.types.clear();
  rule.constraints.clear();
  GW_TRY(ReadCardinality(element, rule));
  for (const Node& child : element.children()) {
    const std::string_view name = child.name;
    if (name == "type") {
      rule.types.push_back(ReadType(child));
      if (const Node* regex = FindExtension(child, "http://hl7.org/fhir/StructureDefinition/regex")) {
        rule.pattern_text = regex->value;
      }
    } else if (name == "constraint") {
      ReadConstraint(child, rule);
    } else if (name == "extension") {
      GW_TRY(ReadExtension(child, rule));
    } else if (name == "binding") {
      rule.binding = ReadBinding(child);
      for (const Node& extension : child.children()) {
        if (extension.name == "extension" && IsAdditionalBinding(extension.ChildValue("url"))) {
          if (auto binding = ReadAdditionalBinding(extension)) {
            rule.additional_bindings.push_back(*std::move(binding));
          }
        }
      }
    } else if (name == "slicing") {
      rule.slicing = ReadSlicing(child);
    } else if (name == "maxLength") {
      GW_TRY(ReadCount("maxLength", child.value, rule.max_length));
    } else if (name.starts_with("fixed")) {
      rule.fixed = Keep(child);
    } else if (name.starts_with("pattern")) {
      rule.pattern = Keep(child);
    } else if (name.starts_with("minValue")) {
      rule.min_value = Keep(child);
    } else if (name.starts_with("maxValue")) {
      rule.max_value = Keep(child);
    }
  }
  return {};
}

}  // namespace fhir::validation
