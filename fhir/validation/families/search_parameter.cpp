#include <algorithm>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/validation/families/families.hpp"
#include "fhir/validation/families/search_definition.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using model::Node;

/// Whether the elements that an expression begins with are of the base type, or of one that it is a kind of.
bool IsAbout(std::string_view part, metadata::TypeId base) {
  const Definitions& definitions = Definitions::R4();
  const std::string_view path = part.substr(std::min(part.find_first_not_of(" ("), part.size()));
  const metadata::TypeId named = definitions.FindType(path.substr(0, path.find_first_of(".( ")));
  const bool above = named != metadata::kNoType && definitions.IsA(base, named);
  return fhirpath::CompileChecked(part, base).has_value() ||
         (above && fhirpath::CompileChecked(part, named).has_value());
}

/// The parts of "A.x | B.y" outside of parentheses and quotes. Each is about some of the base types.
std::vector<std::string_view> Alternatives(std::string_view expression) {
  std::vector<std::string_view> parts;
  std::size_t begin = 0;
  std::size_t depth = 0;
  char quote = 0;
  for (std::size_t at = 0; at < expression.size(); ++at) {
    const char c = expression[at];
    if (quote != 0) {
      at += c == '\\' ? 1 : 0;
      quote = c == quote ? '\0' : quote;
    } else if (c == '\'' || c == '"' || c == '`') {
      quote = c;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      depth -= depth > 0 ? 1 : 0;
    } else if (c == '|' && depth == 0) {
      parts.push_back(expression.substr(begin, at - begin));
      begin = at + 1;
    }
  }
  parts.push_back(expression.substr(begin));
  return parts;
}

/// An expression that can have no answer on any of the base types finds nothing.
void CheckExpression(const Node& parameter, const std::set<std::string_view>& bases, IssueList& issues) {
  const Node* expression = parameter.Child("expression");
  if (expression == nullptr || !expression->HasValue() || bases.empty()) {
    return;
  }
  if (!fhirpath::Compile(expression->value)) {
    Report(*expression, IssueType::kInvalid, "a FHIRPath expression is expected", issues);
    return;
  }
  const Definitions& definitions = Definitions::R4();
  for (const std::string_view part : Alternatives(expression->value)) {
    const bool fits = std::any_of(bases.begin(), bases.end(), [&](std::string_view base) {
      const metadata::TypeId type = definitions.FindType(base);
      return type == metadata::kNoType || IsAbout(part, type);
    });
    // A union in parentheses may be about several of the types at once.
    if (!fits && (bases.size() == 1 || part.find('|') == std::string_view::npos)) {
      Report(*expression, IssueType::kInvalid,
             fmt::format("an expression over elements of {} is expected", fmt::join(bases, ", ")), issues);
      return;
    }
  }
}

}  // namespace

void CheckSearchParameter(const Node& parameter, const FamilyContext& context, IssueList& issues) {
  const std::set<std::string_view> bases = SearchBasesOf(parameter);
  CheckExpression(parameter, bases, issues);
  const std::string_view derived_from = parameter.ChildValue("derivedFrom");
  if (derived_from.empty()) {
    return;
  }
  const SearchDefinition original = FindSearchDefinition(derived_from, context);
  if (original.bases.empty()) {
    Report(parameter, IssueType::kBusinessRule,
           "not compared with the search parameter that this one is derived from: expected it to be loaded", issues,
           Severity::kWarning);
    return;
  }
  for (const std::string_view base : bases) {
    if (!original.bases.contains(base) && !original.bases.contains("Resource") &&
        !original.bases.contains("DomainResource")) {
      Report(parameter, IssueType::kBusinessRule,
             "a base of the search parameter that this one is derived from is expected", issues);
    }
  }
  const Node* own = parameter.Child("type");
  if (own != nullptr && !original.type.empty() && own->value != original.type) {
    Report(parameter, IssueType::kBusinessRule,
           fmt::format("the type {} is expected, which the original of this search parameter has", original.type),
           issues);
  }
}

}  // namespace fhir::validation
