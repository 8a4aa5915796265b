#include "fhir/terminology/filter.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <functional>

#include "fhir/base/regular_expression.hpp"

namespace fhir::terminology {
namespace {

using Concept = CodeSystem::Concept;
using Visit = std::function<bool(std::string_view)>;

bool NamesConcept(std::string_view property) {
  return property == "concept" || property == "code";
}

/// Whether `holds` is true for one of the concept's values of the property. The code, its display and its place in the
/// hierarchy count as properties: https://hl7.org/fhir/R4/codesystem.html#defined-props
bool AnyValue(const CodeSystem& system, const Concept& entry, std::string_view property, const Visit& holds) {
  if (NamesConcept(property)) {
    return holds(entry.code);
  }
  if (property == "display") {
    return holds(entry.display);
  }
  if (property == "definition") {
    return holds(entry.definition);
  }
  if (property == "parent" &&
      std::ranges::any_of(system.Parents(entry), [&](CodeSystem::Position at) { return holds(system.At(at)->code); })) {
    return true;
  }
  if (property == "inactive") {
    return holds(entry.inactive ? "true" : "false");
  }
  return std::ranges::any_of(system.Properties(entry),
                             [&](const CodeSystem::Property& p) { return p.name == property && holds(p.value); });
}

bool Known(const CodeSystem& system, std::string_view property) {
  constexpr std::array kAlways = {"concept", "code", "display", "definition", "parent", "inactive"};
  return std::ranges::find(kAlways, property) != kAlways.end() || system.HasProperty(property);
}

/// Calls visit(item) for each of a list "a, b,c".
template <typename Item>
void ForEachItem(std::string_view list, const Item& visit) {
  while (true) {
    const std::size_t end = list.find(',');
    std::string_view part = list.substr(0, end);
    while (part.starts_with(' ')) {
      part.remove_prefix(1);
    }
    while (part.ends_with(' ')) {
      part.remove_suffix(1);
    }
    visit(part);
    if (end == std::string_view::npos) {
      return;
    }
    list.remove_prefix(end + 1);
  }
}

bool ListHas(std::string_view list, std::string_view item) {
  bool has = false;
  ForEachItem(list, [&](std::string_view part) { has = has || part == item; });
  return has;
}

void And(std::vector<bool>& selected, const std::vector<bool>& other, bool wanted) {
  for (std::size_t i = 0; i < selected.size(); ++i) {
    selected[i] = selected[i] && other[i] == wanted;
  }
}

/// Operators about the hierarchy. Their value is a code of the system.
Gap ApplyHierarchy(const CodeSystem& system, const Filter& filter, std::vector<bool>& selected) {
  const ConceptRef root = system.Find(filter.value);
  if (root == nullptr || !NamesConcept(filter.property)) {
    return Gap::kFilter;
  }
  const bool up = filter.op == "generalizes";
  const std::vector<bool> related = up ? system.Ancestors(*root) : system.Descendants(*root);
  And(selected, related, filter.op != "is-not-a");
  if (filter.op == "descendent-of") {
    selected[root->position] = false;
  }
  return Gap::kNone;
}

template <typename Holds>
void Keep(const CodeSystem& system, std::vector<bool>& selected, const Holds& holds) {
  for (std::size_t i = 0; i < selected.size(); ++i) {
    selected[i] = selected[i] && holds(*system.At(static_cast<CodeSystem::Position>(i)));
  }
}

Gap ApplyRegex(const CodeSystem& system, const Filter& filter, std::vector<bool>& selected) {
  const auto pattern = RegularExpression::Compile(filter.value);
  if (!pattern) {
    return Gap::kFilter;
  }
  bool given_up = false;
  Keep(system, selected, [&](const Concept& entry) {
    return !given_up && AnyValue(system, entry, filter.property, [&](std::string_view text) {
      const auto matches = pattern->Match(text);
      given_up = given_up || (!matches && matches.error().code == ErrorCode::kTooCostly);
      return matches.value_or(false);
    });
  });
  return given_up ? Gap::kCost : Gap::kNone;
}

/// By parents that are named, or by whether there are any: decided by positions, so that no parent has to be fetched.
/// False: the operator is about their texts.
bool ApplyParent(const CodeSystem& system, const Filter& filter, std::vector<bool>& selected) {
  const std::string_view op = filter.op;
  if (filter.property != "parent" || (op != "=" && op != "in" && op != "not-in" && op != "exists")) {
    return false;
  }
  std::vector<bool> named(system.size());
  const auto name = [&](std::string_view code) {
    if (const ConceptRef entry = system.Find(code)) {
      named[entry->position] = true;
    }
  };
  if (op == "=") {
    name(filter.value);
  } else if (op != "exists") {
    ForEachItem(filter.value, name);
  }
  const bool wanted = op == "exists" ? filter.value == "true" : op != "not-in";
  for (CodeSystem::Position i = 0; i < system.size(); ++i) {
    const auto parents = system.ParentsAt(i);
    const bool holds = op == "exists"
                           ? !parents.empty()
                           : std::ranges::any_of(parents, [&](CodeSystem::Position at) { return named[at]; });
    selected[i] = selected[i] && holds == wanted;
  }
  return true;
}

}  // namespace

Gap ApplyFilter(const CodeSystem& system, const Filter& filter, std::vector<bool>& selected) {
  const std::string_view op = filter.op;
  if (op == "is-a" || op == "descendent-of" || op == "is-not-a" || op == "generalizes") {
    return ApplyHierarchy(system, filter, selected);
  }
  if (!Known(system, filter.property)) {
    return Gap::kFilter;
  }
  // A small system may have a property of that name, with values that are no codes of its own.
  if (system.large() && ApplyParent(system, filter, selected)) {
    return Gap::kNone;
  }
  const auto value_holds = [&](const Visit& holds) {
    Keep(system, selected, [&](const Concept& entry) { return AnyValue(system, entry, filter.property, holds); });
    return Gap::kNone;
  };
  if (op == "=") {
    return value_holds([&](std::string_view value) { return value == filter.value; });
  }
  if (op == "in") {
    return value_holds([&](std::string_view value) { return ListHas(filter.value, value); });
  }
  if (op == "not-in" || op == "exists") {
    const bool wanted = op == "exists" && filter.value == "true";
    Keep(system, selected, [&](const Concept& entry) {
      return wanted == AnyValue(system, entry, filter.property, [&](std::string_view value) {
               return op == "exists" ? !value.empty() : ListHas(filter.value, value);
             });
    });
    return Gap::kNone;
  }
  return op == "regex" ? ApplyRegex(system, filter, selected) : Gap::kFilter;
}

}  // namespace fhir::terminology
