// Values that a definition fixes or bounds, and codes that it binds.
#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "fhir/base/base64.hpp"
#include "fhir/validation/bindings.hpp"
#include "fhir/validation/coded_values.hpp"
#include "fhir/validation/expression.hpp"
#include "fhir/validation/narrative_language.hpp"
#include "fhir/validation/value_match.hpp"
#include "fhir/validation/walk.hpp"

namespace fhir::validation {

using model::Node;

namespace {

/// Characters of UTF-8 text.
std::size_t Characters(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text) {
    count += (static_cast<unsigned char>(c) & 0xC0u) != 0x80u ? 1 : 0;
  }
  return count;
}

/// What an attachment says of its size; 0 when it says nothing.
std::size_t SizeOf(const Node& attachment) {
  const std::string_view text = attachment.ChildValue("size");
  std::size_t size = 0;
  std::from_chars(text.data(), text.data() + text.size(), size);
  return size;
}

/// Whether an element without a value may be so.
bool HasAlternative(const Node& node, const ElementRule& rule) {
  if (rule.must_have_value) {
    return false;
  }
  if (rule.value_alternatives.empty()) {
    return true;
  }
  for (const Node& child : node.children()) {
    if (child.name == "extension" && std::find(rule.value_alternatives.begin(), rule.value_alternatives.end(),
                                               child.ChildValue("url")) != rule.value_alternatives.end()) {
      return true;
    }
  }
  return false;
}

}  // namespace

void Walk::Values(const Node& node, const ElementRule& rule) {
  if (rule.fixed != nullptr && !EqualsFixed(node, *rule.fixed)) {
    Differs(node, *rule.fixed, MatchRule::kFixed);
  }
  if (rule.pattern != nullptr && !MatchesPattern(node, *rule.pattern)) {
    Differs(node, *rule.pattern, MatchRule::kPattern);
  }
  if (rule.min_value != nullptr && CompareWithLimit(node, *rule.min_value) == std::partial_ordering::less) {
    Error(node, IssueType::kValue, fmt::format("expected at least {}", Describe(*rule.min_value)));
  }
  if (rule.max_value != nullptr && CompareWithLimit(node, *rule.max_value) == std::partial_ordering::greater) {
    Error(node, IssueType::kValue, fmt::format("expected at most {}", Describe(*rule.max_value)));
  }
  if (rule.max_length > 0 && Characters(node.value) > rule.max_length) {
    Error(node, IssueType::kTooLong, fmt::format("expected at most {} characters", rule.max_length));
  }
  if (rule.min_length > 0 && node.HasValue() && Characters(node.value) < rule.min_length) {
    Error(node, IssueType::kValue, fmt::format("expected at least {} characters", rule.min_length));
  }
  TextLimits(node, rule);
  if (!rule.narrative_language.empty()) {
    if (std::string problem = NarrativeLanguageProblem(node, rule.narrative_language); !problem.empty()) {
      Error(node, IssueType::kBusinessRule, std::move(problem));
    }
  }
  if (!node.HasValue() && !HasAlternative(node, rule)) {
    Error(node, IssueType::kRequired,
          rule.must_have_value
              ? std::string("expected a value")
              : fmt::format("expected a value or the extension {}", fmt::join(rule.value_alternatives, " or ")));
  }
  if (options_.bindings == Checking::kOff) {
    return;
  }
  if (rule.binding) {
    CheckBinding(node, *rule.binding);
  }
  for (const Binding& binding : rule.additional_bindings) {
    CheckBinding(node, binding);
  }
}

/// What extensions of an element's definition say of its text; of a quantity they are about its value, and of an
/// attachment about its data.
void Walk::TextLimits(const Node& node, const ElementRule& rule) {
  if (rule.expression && node.HasValue() && rule.expression->Match(node.value) == false) {
    Error(node, IssueType::kInvalid, fmt::format("expected a value of the form {}", rule.pattern_text));
  }
  if (rule.max_decimals != kUnbounded) {
    const std::string_view number = node.HasValue() ? node.value : node.ChildValue("value");
    const std::size_t point = number.find('.');
    const std::size_t end = std::min(number.find_first_of("eE"), number.size());
    if (point < end && end - point - 1 > rule.max_decimals) {
      Error(node, IssueType::kStructure, fmt::format("expected at most {} digits behind the point", rule.max_decimals));
    }
  }
  if (rule.max_bytes != kUnbounded) {
    const auto data = DecodeBase64(node.HasValue() ? node.value : node.ChildValue("data"));
    const std::size_t size = data && !data->empty() ? data->size() : SizeOf(node);
    if (size > rule.max_bytes) {
      Error(node, IssueType::kStructure, fmt::format("expected at most {} bytes", rule.max_bytes));
    }
  }
}

void Walk::Differs(const Node& node, const Node& value, MatchRule rule) {
  const Difference difference = FirstDifference(node, value, rule);
  if (difference.wanted == nullptr) {
    Error(*difference.node, IssueType::kValue,
          "expected not to be there: the profile's value has nothing of this name");
  } else if (!difference.missing.empty()) {
    Report(*difference.node, Severity::kError, IssueType::kValue,
           fmt::format("expected {} {}", difference.missing, Describe(*difference.wanted)), difference.missing);
  } else if (difference.wanted->row != nullptr && difference.wanted->row->repeats && difference.wanted != &value) {
    Error(*difference.node, IssueType::kValue,
          fmt::format("expected a {} with {}", difference.wanted->name, Describe(*difference.wanted)));
  } else {
    Error(*difference.node, IssueType::kValue,
          fmt::format("expected {}{}", rule == MatchRule::kFixed ? "" : "at least ", Describe(*difference.wanted)));
  }
}

void Walk::BaseBinding(const Node& node, const ElementRule& rule) {
  // A closed list of the definitions answers most codes by one search.
  if (!definitions_.RequiredCodes(*node.row).empty() && InRequiredCodes(node)) {
    return;
  }
  CheckBinding(node, *rule.binding);
}

void Walk::Coding(const Node& node) {
  CodedProblem problem = CodingProblem(terminology_, node, options_.wrong_display);
  if (!problem.text.empty()) {
    Report(problem.node == nullptr ? node : *problem.node, problem.severity, problem.type, std::move(problem.text));
  }
}

void Walk::CheckBinding(const Node& node, const Binding& binding) {
  CodedProblem problem = CodedValueProblem(terminology_, node, binding);
  if (problem.of_max_value_set && problem.severity == Severity::kError) {
    problem.severity = options_.max_value_set;
  }
  if (!problem.text.empty()) {
    Report(problem.node == nullptr ? node : *problem.node, problem.severity, problem.type, std::move(problem.text));
  }
}

bool Walk::ReportedBefore(const Node& node) const {
  const std::vector<Issue>& issues = issues_.issues();
  return std::any_of(issues.begin(), issues.end(), [&node](const Issue& issue) {
    return issue.severity == Severity::kError && issue.offset && issue.offset == node.source_offset;
  });
}

void Walk::Report(const Node& node, Severity severity, IssueType type, std::string text, std::string_view missing) {
  if (quiet_ > 0) {
    quiet_errors_ += severity == Severity::kError || severity == Severity::kFatal ? 1 : 0;
    return;
  }
  if (!issues_.Keeps(severity)) {
    issues_.AddAt({}, severity, type, {}, node.source_offset);  // the list is full: it counts, and keeps nothing
    return;
  }
  std::string expression = ExpressionOf(node);
  if (!missing.empty()) {
    expression += fmt::format(".{}", missing);
  }
  // Two profiles may say the same of one element; one that says it more gravely is heard beside the other.
  for (const Issue& issue : issues_.issues()) {
    if (issue.offset == node.source_offset && issue.severity <= severity && issue.text == text &&
        issue.expression == expression) {
      return;
    }
  }
  issues_.AddAt(std::move(expression), severity, type, std::move(text), node.source_offset);
}

}  // namespace fhir::validation
