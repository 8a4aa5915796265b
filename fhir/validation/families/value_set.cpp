#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "fhir/base/date_time.hpp"
#include "fhir/base/decimal.hpp"
#include "fhir/base/regular_expression.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/families/families.hpp"
#include "fhir/validation/families/snomed.hpp"
#include "fhir/validation/reference_form.hpp"

namespace fhir::validation {
namespace {

using model::Node;

bool IsWholeNumber(std::string_view text) {
  if (text.starts_with('-')) {
    text.remove_prefix(1);
  }
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char byte) { return byte >= '0' && byte <= '9'; });
}

/// Whether a filter's text can be a value of a property; what it should look like when not.
std::string_view ValueProblem(std::string_view type, std::string_view value) {
  if (type == "boolean") {
    return value == "true" || value == "false" ? "" : "true or false is expected";
  }
  if (type == "integer") {
    return IsWholeNumber(value) ? "" : "an integer is expected";
  }
  if (type == "decimal") {
    return IsDecimal(value) ? "" : "a decimal is expected";
  }
  if (type == "dateTime") {
    return ParseDateTime(value) ? "" : "a date or date with time is expected";
  }
  if (type == "Coding") {
    return value.find('#') != std::string_view::npos ? "" : "a Coding is expected in the form system#code";
  }
  return "";
}

/// The type of a code system's property: those of the standard, then what the code system declares.
std::string_view PropertyType(std::string_view property, const Node* code_system) {
  if (property == "notSelectable" || property == "inactive") {
    return "boolean";
  }
  if (code_system == nullptr) {
    return {};
  }
  for (const Node& declared : code_system->children()) {
    if (declared.name == "property" && declared.ChildValue("code") == property) {
      return declared.ChildValue("type");
    }
  }
  return {};
}

/// Source: https://hl7.org/fhir/R4/snomedct.html#filters
void CheckSnomedFilter(const Node& filter, IssueList& issues) {
  const std::string_view property = filter.ChildValue("property");
  const std::string_view operation = filter.ChildValue("op");
  const std::string_view value = filter.ChildValue("value");
  if (property == "constraint" || property == "expressions") {
    if (property == "constraint" && FirstEclError(value)) {
      Report(
          filter, IssueType::kInvalid,
          fmt::format("an expression of the Expression Constraint Language is expected: it ends to be one at byte {}",
                      *FirstEclError(value)),
          issues);
    }
  } else if (property == "concept") {
    if (operation != "regex" && operation != "exists" && !IsSnomedIdentifier(value) &&
        value.find(',') == std::string_view::npos) {
      Report(filter, IssueType::kInvalid, "an identifier of SNOMED CT with its check digit is expected as value",
             issues);
    }
  } else if (IsSnomedIdentifier(property) && operation != "=" && operation != "in") {
    Report(filter, IssueType::kInvalid, "the operation = or in is expected for an attribute of SNOMED CT", issues);
  }
}

/// A system is a code system by its absolute URL, and its version stands beside it.
void CheckSystem(const Node& include, std::string_view system, const FamilyContext& context, IssueList& issues) {
  if (system.empty()) {
    return;
  }
  const std::size_t bar = system.find('|');
  if (bar != std::string_view::npos) {
    Report(include, IssueType::kBusinessRule, "the version of the system is expected in version alone", issues,
           bar + 1 == system.size() ? Severity::kWarning : Severity::kError);
    system = system.substr(0, bar);
  }
  if (!IsAbsoluteUri(system)) {
    Report(include, IssueType::kInvalid, "an absolute URL is expected as system", issues);
  } else if (!context.registry.Lookup("CodeSystem", system) && context.registry.Lookup("ValueSet", system)) {
    Report(include, IssueType::kInvalid, "a code system is expected as system, not a value set", issues);
  } else if (context.registry.Lookup("CodeSystem", system)) {
    const auto loaded = context.terminology.FindCodeSystem(system);
    if (loaded != nullptr && loaded->content() == terminology::Content::kSupplement) {
      Report(include, IssueType::kInvalid, "a code system is expected as system, not one that supplements another",
             issues);
    }
  }
}

/// The values of a filter; those of in and not-in are a list.
std::vector<std::string_view> ValuesOf(std::string_view operation, std::string_view text) {
  std::vector<std::string_view> values;
  const bool list = operation == "in" || operation == "not-in";
  while (true) {
    const std::size_t end = list ? text.find(',') : std::string_view::npos;
    std::string_view value = text.substr(0, end);
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    values.push_back(value.substr(0, value.find_last_not_of(' ') + 1));
    if (end == std::string_view::npos) {
      return values;
    }
    text.remove_prefix(end + 1);
  }
}

/// What the value should look like when it is none for the operation and property; empty when it is good.
std::string FilterProblem(const Node& filter, std::string_view system, const Node* code_system,
                          const FamilyContext& context) {
  const std::string_view property = filter.ChildValue("property");
  const std::string_view operation = filter.ChildValue("op");
  const std::string_view text = filter.ChildValue("value");
  if (operation == "exists") {
    return std::string(ValueProblem("boolean", text));
  }
  if (operation == "regex") {
    return RegularExpression::Compile(text) ? "" : "a regular expression is expected";
  }
  for (const std::string_view value : ValuesOf(operation, text)) {
    if (const std::string_view problem = ValueProblem(PropertyType(property, code_system), value); !problem.empty()) {
      return std::string(problem);
    }
    if (property == "concept" && code_system != nullptr) {
      const terminology::Answer answer =
          context.terminology.ValidateInCodeSystem({.system = system, .version = {}, .code = value, .display = {}});
      if (answer.verdict == terminology::Verdict::kNotMember) {
        return fmt::format("a code of {} is expected", system);
      }
    }
  }
  return {};
}

void CheckFilter(const Node& filter, std::string_view system, const Node* code_system, const FamilyContext& context,
                 IssueList& issues) {
  if (filter.ChildValue("value").empty()) {
    return;  // the definition asks for it
  }
  if (const std::string problem = FilterProblem(filter, system, code_system, context); !problem.empty()) {
    Report(filter, IssueType::kInvalid, fmt::format("{} as value of the filter", problem), issues);
  }
}

/// A code that is listed is one of its system's, as far as that is loaded. A value set that is retired may list codes
/// that are gone.
void CheckListed(const Node& listed, const Node& include, bool retired, const FamilyContext& context,
                 IssueList& issues) {
  const std::string_view system = include.ChildValue("system");
  if (system == kSnomedSystem) {
    if (!IsSnomedIdentifier(listed.ChildValue("code"))) {
      Report(listed, IssueType::kBusinessRule, "an identifier of SNOMED CT with its check digit is expected", issues);
    }
    return;
  }
  const terminology::Answer answer =
      context.terminology.ValidateInCodeSystem({.system = system,
                                                .version = include.ChildValue("version"),
                                                .code = listed.ChildValue("code"),
                                                .display = listed.ChildValue("display")});
  if (answer.verdict == terminology::Verdict::kNotMember && !answer.version_unknown) {
    Report(listed, IssueType::kBusinessRule, fmt::format("a code of {} is expected", system), issues,
           retired ? Severity::kWarning : Severity::kError);
  } else if (answer.verdict == terminology::Verdict::kMember && answer.display_differs) {
    Report(listed, IssueType::kBusinessRule, fmt::format("the display \"{}\" is expected", answer.found.display),
           issues, Severity::kWarning);
  }
}

void CheckInclude(const Node& include, bool retired, const FamilyContext& context, IssueList& issues) {
  const std::string_view system = include.ChildValue("system");
  CheckSystem(include, system, context, issues);
  const Node* code_system = nullptr;
  bool looked_up = false;
  for (const Node& part : include.children()) {
    if (part.name == "concept" && !system.empty() && !part.ChildValue("code").empty()) {
      CheckListed(part, include, retired, context, issues);
    }
    if (part.name != "filter") {
      continue;
    }
    if (system == kSnomedSystem) {
      CheckSnomedFilter(part, issues);
      continue;
    }
    if (!looked_up && !system.empty()) {
      code_system = context.registry.Find("CodeSystem", system);
      looked_up = true;
    }
    CheckFilter(part, system, code_system, context, issues);
  }
}

}  // namespace

void CheckValueSet(const Node& value_set, const FamilyContext& context, IssueList& issues) {
  const Node* compose = value_set.Child("compose");
  if (compose == nullptr) {
    return;
  }
  for (const Node& part : compose->children()) {
    if (part.name == "include" || part.name == "exclude") {
      CheckInclude(part, value_set.ChildValue("status") == "retired", context, issues);
    }
  }
}

}  // namespace fhir::validation
