#include <algorithm>
#include <iterator>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include <fmt/format.h>

#include "fhir/metadata/definitions.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/terminology/terminology.hpp"
#include "fhir/validation/families/answer_values.hpp"
#include "fhir/validation/families/families.hpp"

namespace fhir::validation {
namespace {

using model::Node;

constexpr std::string_view kConceptProperties = "http://hl7.org/fhir/concept-properties#";

/// The properties that the standard defines. Source: https://hl7.org/fhir/R4/codesystem.html#defined-props
struct DefinedProperty {
  std::string_view code;
  std::string_view type;
};

constexpr DefinedProperty kDefinedProperties[] = {
    {"inactive", "boolean"},
    {"status", "code"},
    {"deprecated", "dateTime"},
    {"deprecationDate", "dateTime"},
    {"retirementDate", "dateTime"},
    {"effectiveDate", "dateTime"},
    {"notSelectable", "boolean"},
    {"parent", "code"},
    {"child", "code"},
    {"partOf", "code"},
    {"synonym", "code"},
    {"comment", "string"},
    {"itemWeight", "decimal"},
};

using Types = std::unordered_map<std::string_view, std::string_view>;

void CheckDefined(const Node& property, IssueList& issues) {
  const std::string_view uri = property.ChildValue("uri");
  if (!uri.starts_with(kConceptProperties)) {
    return;
  }
  const std::string_view name = uri.substr(kConceptProperties.size());
  const auto* const defined = std::find_if(std::begin(kDefinedProperties), std::end(kDefinedProperties),
                                           [name](const DefinedProperty& row) { return row.code == name; });
  if (defined == std::end(kDefinedProperties)) {
    return;
  }
  if (property.ChildValue("type") != defined->type) {
    Report(property, IssueType::kBusinessRule,
           fmt::format("the type {} is expected, which the standard gives this property", defined->type), issues);
  }
  const bool other = std::any_of(std::begin(kDefinedProperties), std::end(kDefinedProperties),
                                 [&](const DefinedProperty& row) { return row.code == property.ChildValue("code"); });
  if (property.ChildValue("code") != name && other) {
    Report(property, IssueType::kBusinessRule,
           fmt::format("the code {} is expected, since the code in place is that of another property", name), issues);
  }
}

Types CheckProperties(const Node& code_system, IssueList& issues) {
  Types types;
  std::set<std::string_view> uris;
  for (const Node& property : code_system.children()) {
    if (property.name != "property") {
      continue;
    }
    CheckDefined(property, issues);
    if (!types.emplace(property.ChildValue("code"), property.ChildValue("type")).second) {
      Report(property, IssueType::kBusinessRule, "a code is expected that no other property has", issues);
    }
    const std::string_view uri = property.ChildValue("uri");
    if (!uri.empty() && !uris.insert(uri).second) {
      Report(property, IssueType::kBusinessRule, "a uri is expected that no other property has", issues);
    }
  }
  return types;
}

void CheckConcepts(const Node& parent, const Types& types, IssueList& issues) {
  for (const Node& entry : parent.children()) {
    if (entry.name != "concept") {
      continue;
    }
    for (const Node& property : entry.children()) {
      const Node* value = property.name == "property" ? ChoiceChild(property, "value") : nullptr;
      const auto declared = value == nullptr ? types.end() : types.find(property.ChildValue("code"));
      if (declared != types.end() && !declared->second.empty() &&
          metadata::Definitions::R4().TypeName(value->type) != declared->second) {
        Report(property, IssueType::kBusinessRule,
               fmt::format("a value of type {} is expected, as the property is declared", declared->second), issues);
      }
    }
    CheckConcepts(entry, types, issues);
  }
}

/// A supplement speaks of codes that the code system has.
void CheckSupplement(const Node& code_system, const FamilyContext& context, IssueList& issues) {
  const Node* content = code_system.Child("content");
  const std::string_view supplements = code_system.ChildValue("supplements");
  if (supplements.empty()) {
    if (content != nullptr && content->value == "supplement") {
      Report(*content, IssueType::kBusinessRule, "the supplemented code system is expected to be named", issues);
    }
    return;
  }
  for (const std::string_view name : {"caseSensitive", "hierarchyMeaning"}) {
    if (const Node* own = code_system.Child(name); own != nullptr && own->HasValue()) {
      Report(*own, IssueType::kBusinessRule, "expected not to be there: the supplemented code system says it", issues);
    }
  }
  if (content != nullptr && content->value != "supplement") {
    Report(*content, IssueType::kBusinessRule, "the content supplement is expected beside supplements", issues);
  }
  const auto base = context.terminology.FindCodeSystem(supplements);
  if (base == nullptr || !base->complete()) {
    return;
  }
  for (const Node& entry : code_system.children()) {
    if (entry.name == "concept" && base->Find(entry.ChildValue("code")) == nullptr) {
      Report(entry, IssueType::kBusinessRule, "a code of the supplemented code system is expected", issues);
    }
  }
}

std::size_t CountConcepts(const Node& parent) {
  std::size_t count = 0;
  for (const Node& entry : parent.children()) {
    count += entry.name == "concept" ? 1 + CountConcepts(entry) : 0;
  }
  return count;
}

/// The stated number of concepts is that of the complete code system.
void CheckCount(const Node& code_system, IssueList& issues) {
  const Node* stated = code_system.Child("count");
  if (stated == nullptr || !stated->HasValue() || code_system.ChildValue("content") != "complete") {
    return;
  }
  if (const std::size_t count = CountConcepts(code_system); stated->value != std::to_string(count)) {
    Report(*stated, IssueType::kInvalid, fmt::format("{} is expected, the number of concepts", count), issues);
  }
}

/// The value set of the whole code system has all of its codes and no others, which it says by one plain include.
void CheckValueSetOfAll(const Node& code_system, const FamilyContext& context, IssueList& issues) {
  const std::string_view canonical = code_system.ChildValue("valueSet");
  const Node* value_set = canonical.empty() ? nullptr : context.registry.Find("ValueSet", canonical);
  if (value_set == nullptr) {
    return;
  }
  const Node* compose = value_set->Child("compose");
  std::size_t parts = 0;
  bool whole = compose != nullptr;
  for (const Node* part = compose == nullptr ? nullptr : compose->first_child; part != nullptr; part = part->next) {
    if (part->name == "include" || part->name == "exclude") {
      ++parts;
      whole = whole && part->name == "include" && part->ChildValue("system") == code_system.ChildValue("url") &&
              part->Child("concept") == nullptr && part->Child("filter") == nullptr &&
              part->Child("valueSet") == nullptr;
    }
  }
  if (!whole || parts != 1) {
    Report(code_system, IssueType::kBusinessRule,
           "a value set is expected as valueSet that includes the whole of this code system and nothing else", issues);
  }
}

}  // namespace

void CheckCodeSystem(const Node& code_system, const FamilyContext& context, IssueList& issues) {
  CheckCount(code_system, issues);
  if (code_system.ChildValue("content") == "not-present") {
    if (const Node* entry = code_system.Child("concept"); entry != nullptr) {
      Report(*entry, IssueType::kInvalid, "no concepts are expected, since the content is said to be not-present",
             issues);
    }
  }
  CheckSupplement(code_system, context, issues);
  CheckValueSetOfAll(code_system, context, issues);
  CheckConcepts(code_system, CheckProperties(code_system, issues), issues);
}

}  // namespace fhir::validation
