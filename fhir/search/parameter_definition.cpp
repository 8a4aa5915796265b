#include "fhir/search/parameter_definition.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/search/value_parser.hpp"

namespace fhir::search {
namespace {

using metadata::Definitions;
using metadata::SearchType;
using metadata::TypeId;
using model::Node;

constexpr std::size_t kCodeCharsMax = 64;

struct SearchTypeRow {
  SearchType type;
  std::string_view code;
};

constexpr SearchTypeRow kSearchTypes[] = {
    {SearchType::kNumber, "number"},       {SearchType::kDate, "date"},
    {SearchType::kString, "string"},       {SearchType::kToken, "token"},
    {SearchType::kReference, "reference"}, {SearchType::kComposite, "composite"},
    {SearchType::kQuantity, "quantity"},   {SearchType::kUri, "uri"},
    {SearchType::kSpecial, "special"},
};

class DefinitionReader {
 public:
  DefinitionReader(const Node& resource, const Definitions& definitions, IssueList& issues)
      : resource_(resource), definitions_(definitions), issues_(issues) {}

  std::optional<ParameterDefinition> Read() {
    definition_.url = resource_.ChildValue("url");
    definition_.code = resource_.ChildValue("code");
    definition_.name = resource_.ChildValue("name");
    if (definition_.url.empty()) Refuse("url", IssueType::kRequired, "the canonical URL of the parameter is expected");
    ReadType();
    ReadBases();
    ReadCode();
    if (failed_ || standard_) return std::nullopt;
    ReadExpression();
    ReadComponents();
    ReadTargets();
    ReadModifiers();
    ReadComparators();
    return failed_ ? std::nullopt : std::optional(std::move(definition_));
  }

 private:
  void Refuse(std::string_view place, IssueType type, std::string text) {
    issues_.AddAt(fmt::format("SearchParameter.{}", place), Severity::kError, type, std::move(text));
    failed_ = true;
  }

  /// Calls `take` with each value of a repeating element, and its place.
  template <typename Take>
  void ForEach(std::string_view name, const Take& take) {
    std::size_t index = 0;
    for (const Node& child : resource_.children()) {
      if (child.name != name || !child.HasValue()) continue;
      take(child.value, fmt::format("{}[{}]", name, index++));
    }
  }

  void ReadType() {
    const auto type = FindSearchType(resource_.ChildValue("type"));
    if (!type) return Refuse("type", IssueType::kInvalid, "a type of search parameters is expected");
    if (*type == SearchType::kSpecial) {
      return Refuse(
          "type", IssueType::kNotSupported,
          "what a special parameter does is not said by its expression but built into a server, which here has "
          "those of the standard: number, date, string, token, reference, quantity, uri or composite is "
          "expected");
    }
    definition_.type = *type;
  }

  void ReadBases() {
    ForEach("base", [&](std::string_view value, const std::string& place) {
      const TypeId type = definitions_.FindType(value);
      if (!definitions_.IsResource(type) && value != "Resource" && value != "DomainResource") {
        return Refuse(place, IssueType::kInvalid, "a resource type is expected");
      }
      if (std::ranges::find(definition_.bases, type) == definition_.bases.end()) definition_.bases.push_back(type);
    });
    std::ranges::sort(definition_.bases);
    if (definition_.bases.empty()) Refuse("base", IssueType::kRequired, "a resource type is expected");
  }

  void ReadCode() {
    const std::string_view code = definition_.code;
    const auto letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
    const auto of_name = [&](char c) { return letter(c) || (c >= '0' && c <= '9') || c == '-' || c == '_'; };
    if (code.empty() || code.size() > kCodeCharsMax || !letter(code.front()) || !std::ranges::all_of(code, of_name)) {
      return Refuse("code", IssueType::kInvalid,
                    fmt::format("a letter and up to {} letters, digits, '-' and '_' are expected: other names are the "
                                "standard's, or cannot be asked for",
                                kCodeCharsMax - 1));
    }
    const std::string_view derived_from = resource_.ChildValue("derivedFrom");
    for (const TypeId type : definitions_.ResourceTypes()) {
      const bool searched =
          std::ranges::any_of(definition_.bases, [&](TypeId base) { return definitions_.IsA(type, base); });
      const auto* const own = searched ? definitions_.FindSearchParameter(type, code) : nullptr;
      if (own == nullptr) continue;
      if (own->type == definition_.type && (own->url == definition_.url || own->url == derived_from)) {
        standard_ = true;
        continue;
      }
      return Refuse("code", IssueType::kDuplicate,
                    fmt::format("{} has a search parameter '{}' of the standard, {}: another name is expected, or that "
                                "one's url in derivedFrom and its type",
                                definitions_.TypeName(type), code, own->url));
    }
  }

  void ReadExpression() {
    definition_.expression = resource_.ChildValue("expression");
    if (definition_.expression.empty()) {
      return Refuse("expression", IssueType::kRequired, "a FHIRPath expression is expected: nothing else is indexed");
    }
    if (const auto compiled = fhirpath::Compile(definition_.expression, definitions_); !compiled) {
      Refuse("expression", IssueType::kInvalid,
             fmt::format("a FHIRPath expression is expected: {}", compiled.error().public_text.text));
    }
  }

  /// Source: https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.component
  void ReadComponents() {
    const bool composite = definition_.type == SearchType::kComposite;
    std::size_t index = 0;
    for (const Node& child : resource_.children()) {
      if (child.name != "component") continue;
      const std::string place = fmt::format("component[{}]", index++);
      if (!composite) return Refuse(place, IssueType::kInvalid, "only a parameter of type composite has components");
      ReadComponent(child, place);
    }
    if (composite && !failed_ && definition_.components.size() < 2) {
      Refuse("component", IssueType::kRequired, "two components at least are expected");
    }
  }

  void ReadComponent(const Node& component, const std::string& place) {
    const auto* const by = OfTheStandard(component.ChildValue("definition"));
    if (by == nullptr) {
      return Refuse(place + ".definition", IssueType::kNotSupported,
                    "the url of a search parameter of the standard is expected: its type says how values are compared");
    }
    if (!HasRoomFor(by->type)) {
      return Refuse(place + ".definition", IssueType::kNotSupported,
                    "up to two tokens, one quantity or up to two numbers, one date, one string and one reference are "
                    "indexed together");
    }
    const std::string_view expression = component.ChildValue("expression");
    if (const auto compiled = fhirpath::Compile(expression, definitions_); expression.empty() || !compiled) {
      return Refuse(place + ".expression", IssueType::kInvalid,
                    "a FHIRPath expression is expected, relative to what the composite's own gives");
    }
    definition_.components.push_back({std::string(by->code), std::string(expression), by->type});
  }

  /// In the columns that a row has for components (types/composite.hpp, ComponentSlot).
  bool HasRoomFor(SearchType type) const {
    const auto count = [&](SearchType other) {
      return std::ranges::count(definition_.components, other, &ComponentDefinition::type);
    };
    switch (type) {
      case SearchType::kToken:
        return count(type) < 2;
      case SearchType::kNumber:
        return count(type) < 2 && count(SearchType::kQuantity) == 0;
      case SearchType::kQuantity:
        return count(type) == 0 && count(SearchType::kNumber) == 0;
      case SearchType::kDate:
      case SearchType::kString:
      case SearchType::kReference:
        return count(type) == 0;
      case SearchType::kUri:
      case SearchType::kComposite:
      case SearchType::kSpecial:
        return false;
    }
    return false;
  }

  const metadata::SearchParameter* OfTheStandard(std::string_view url) const {
    for (const TypeId type : definitions_.ResourceTypes()) {
      const auto all = definitions_.SearchParameters(type);
      const auto found = std::ranges::find(all, url, &metadata::SearchParameter::url);
      if (found != all.end()) return &*found;
    }
    return nullptr;
  }

  void ReadTargets() {
    ForEach("target", [&](std::string_view value, const std::string& place) {
      if (definition_.type != SearchType::kReference) {
        return Refuse(place, IssueType::kInvalid, "only a parameter of type reference has targets");
      }
      const TypeId type = definitions_.FindType(value);
      if (value == "Resource" || value == "Any") return;
      if (!definitions_.IsResource(type)) return Refuse(place, IssueType::kInvalid, "a resource type is expected");
      if (std::ranges::find(definition_.targets, type) == definition_.targets.end()) {
        definition_.targets.push_back(type);
      }
    });
    std::ranges::sort(definition_.targets);
  }

  /// Source: https://hl7.org/fhir/R4/valueset-search-modifier-code.html
  void ReadModifiers() {
    const std::vector<std::string_view> known = ModifierNames(definition_.type);
    ForEach("modifier", [&](std::string_view value, const std::string& place) {
      const bool of_reference = definition_.type == SearchType::kReference && value == "type";
      const std::string_view name = value == "ofType" ? "of-type" : value;
      if (value != "missing" && !of_reference && std::ranges::find(known, name) == known.end()) {
        Refuse(place, IssueType::kInvalid,
               fmt::format("a modifier of parameters of type {} is expected", SearchTypeCode(definition_.type)));
      }
    });
  }

  void ReadComparators() {
    const bool ordered = definition_.type == SearchType::kNumber || definition_.type == SearchType::kDate ||
                         definition_.type == SearchType::kQuantity;
    ForEach("comparator", [&](std::string_view, const std::string& place) {
      if (!ordered) {
        Refuse(place, IssueType::kInvalid, "only parameters of type number, date and quantity have comparators");
      }
    });
  }

  const Node& resource_;
  const Definitions& definitions_;
  IssueList& issues_;
  ParameterDefinition definition_;
  bool standard_ = false;
  bool failed_ = false;
};

}  // namespace

std::string_view SearchTypeCode(SearchType type) {
  return std::ranges::find(kSearchTypes, type, &SearchTypeRow::type)->code;
}

std::optional<SearchType> FindSearchType(std::string_view code) {
  const auto* const found = std::ranges::find(kSearchTypes, code, &SearchTypeRow::code);
  return found == std::end(kSearchTypes) ? std::nullopt : std::optional(found->type);
}

std::optional<ParameterDefinition> ReadParameterDefinition(const Node& resource, const Definitions& definitions,
                                                           IssueList& issues) {
  if (resource.ChildValue("status") != "active") return std::nullopt;
  return DefinitionReader(resource, definitions, issues).Read();
}

}  // namespace fhir::search
