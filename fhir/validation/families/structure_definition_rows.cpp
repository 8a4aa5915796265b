#include <algorithm>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "fhir/fhirpath/expression.hpp"
#include "fhir/metadata/definitions.hpp"
#include "fhir/packages/registry.hpp"
#include "fhir/validation/families/families.hpp"
#include "fhir/validation/families/structure_definition_types.hpp"

namespace fhir::validation {
namespace {

using metadata::Definitions;
using model::Node;

/// What a definition may say of elements of a type besides what it says of all.
/// Source: https://hl7.org/fhir/R4/elementdefinition.html#interpretation
enum class Trait : std::uint8_t { kRange, kLength };
struct TraitRow {
  Trait trait;
  std::vector<std::string_view> types;
};

const std::vector<TraitRow>& TraitRows() {
  static const std::vector<TraitRow> kTraitRows = {
      {Trait::kRange,
       {"integer", "decimal", "instant", "date", "dateTime", "time", "positiveInt", "unsignedInt", "Age", "Count",
        "Distance", "Duration", "Money", "Quantity", "SimpleQuantity", "MoneyQuantity"}},
      {Trait::kLength,
       {"integer", "decimal", "instant", "string", "uri", "date", "dateTime", "time", "canonical", "code", "id",
        "markdown", "oid", "positiveInt", "unsignedInt", "url", "uuid", "base64Binary"}},
  };
  return kTraitRows;
}

bool HasTrait(Trait trait, std::string_view type) {
  const auto& rows = TraitRows();
  const auto row =
      std::find_if(rows.begin(), rows.end(), [trait](const TraitRow& each) { return each.trait == trait; });
  return std::find(row->types.begin(), row->types.end(), type) != row->types.end();
}

/// As the row says; or, where it says nothing, as the base definition has it.
std::vector<std::string_view> TypesOf(const Node& row) {
  const Definitions& definitions = Definitions::R4();
  std::vector<std::string_view> types;
  for (const Node& type : row.children()) {
    if (type.name == "type" && definitions.FindType(type.ChildValue("code")) != metadata::kNoType) {
      types.push_back(type.ChildValue("code"));
    }
  }
  const metadata::TypeId inherited =
      row.Child("type") == nullptr ? TypeAtPath(row.ChildValue("path")) : metadata::kNoType;
  if (inherited != metadata::kNoType && definitions.Kind(inherited) != metadata::TypeKind::kBackbone &&
      definitions.Kind(inherited) != metadata::TypeKind::kAbstract) {
    types.push_back(definitions.TypeName(inherited));
  }
  return types;
}

/// A child of a choice such as minValue[x].
const Node* ChoiceOf(const Node& row, std::string_view base) {
  for (const Node& child : row.children()) {
    if (child.row != nullptr && Definitions::R4().Text(child.row->base_name) == base) {
      return &child;
    }
  }
  return nullptr;
}

void CheckTraits(const Node& row, IssueList& issues) {
  const std::vector<std::string_view> types = TypesOf(row);
  if (types.empty()) {
    return;
  }
  const auto none_has = [&types](Trait trait) {
    return std::none_of(types.begin(), types.end(), [trait](std::string_view type) { return HasTrait(trait, type); });
  };
  if (row.Child("maxLength") != nullptr && none_has(Trait::kLength)) {
    Report(row, IssueType::kBusinessRule, "maxLength is expected on types with a text alone", issues);
  }
  for (const std::string_view limit : {"minValue", "maxValue"}) {
    if (ChoiceOf(row, limit) != nullptr && none_has(Trait::kRange)) {
      Report(row, IssueType::kBusinessRule, fmt::format("{} is expected on types with an order alone", limit), issues);
    }
  }
  for (const std::string_view value : {"fixed", "pattern", "defaultValue"}) {
    const Node* given = ChoiceOf(row, value);
    if (given != nullptr &&
        std::find(types.begin(), types.end(), Definitions::R4().TypeName(given->type)) == types.end()) {
      Report(*given, IssueType::kException, fmt::format("a value of type {} is expected", fmt::join(types, " or ")),
             issues);
    }
  }
}

/// An expression can be read, and asks for elements that are there.
void CheckExpressionOf(const Node& row, const Node& constraint, IssueList& issues) {
  const std::string_view expression = constraint.ChildValue("expression");
  if (!fhirpath::Compile(expression)) {
    Report(constraint, IssueType::kInvalid, "a FHIRPath expression is expected", issues);
    return;
  }
  const metadata::TypeId type = TypeAtPath(row.ChildValue("path"));
  const bool judged = type != metadata::kNoType && Definitions::R4().Kind(type) != metadata::TypeKind::kAbstract;
  if (judged && !fhirpath::CompileChecked(expression, type)) {
    Report(constraint, IssueType::kInvalid,
           fmt::format("an expression over elements of {} is expected", row.ChildValue("path")), issues);
  }
}

/// One key has one expression within a definition; that it stands once on an element is eld-14.
struct Keyed {
  const Node* row = nullptr;
  std::string_view expression;
};
using Expressions = std::map<std::string_view, Keyed>;

void CheckConstraints(const Node& row, Expressions& expressions, IssueList& issues) {
  for (const Node& constraint : row.children()) {
    if (constraint.name != "constraint" || constraint.ChildValue("expression").empty()) {
      continue;
    }
    CheckExpressionOf(row, constraint, issues);
    const std::string_view key = constraint.ChildValue("key");
    const auto [known, added] = expressions.emplace(key, Keyed{&row, constraint.ChildValue("expression")});
    if (!added && known->second.row != &row && known->second.expression != constraint.ChildValue("expression") &&
        key != "ele-1") {
      Report(constraint, IssueType::kInvalid, "a key is expected that stands for one expression", issues);
    }
  }
}

void CollectKeys(const Node& rows, std::set<std::string_view>& keys) {
  for (const Node& row : rows.children()) {
    for (const Node& constraint : row.children()) {
      if (constraint.name == "constraint") {
        keys.insert(constraint.ChildValue("key"));
      }
    }
  }
}

/// What a differential adds are constraints of its own: with the definition as source, and with keys that the base does
/// not have.
void CheckAddedConstraints(const Node& differential, const Node& definition, const Node* base, IssueList& issues) {
  std::set<std::string_view> taken;
  if (const Node* snapshot = base == nullptr ? nullptr : base->Child("snapshot")) {
    CollectKeys(*snapshot, taken);
  }
  for (const Node& row : differential.children()) {
    for (const Node& constraint : row.children()) {
      if (constraint.name != "constraint") {
        continue;
      }
      const std::string_view source = constraint.ChildValue("source");
      if (!source.empty() && source != definition.ChildValue("url")) {
        Report(constraint, IssueType::kInvalid, "this definition is expected as source of what it adds", issues);
      }
      if (taken.contains(constraint.ChildValue("key"))) {
        Report(constraint, IssueType::kInvalid, "a key is expected that the base does not have", issues);
      }
    }
  }
}

void CheckRows(const Node& list, std::string_view type, bool snapshot, const FamilyContext& context,
               IssueList& issues) {
  Expressions expressions;
  for (const Node& row : list.children()) {
    const Node* path = row.name == "element" ? row.Child("path") : nullptr;
    if (path == nullptr || !path->HasValue()) {
      continue;
    }
    const bool root = path->value.find('.') == std::string_view::npos;
    const bool below =
        path->value.starts_with(type) && (path->value.size() == type.size() || path->value[type.size()] == '.');
    if (!type.empty() && !below) {
      Report(row, IssueType::kNotFound, fmt::format("a path that begins with {} is expected", type), issues);
    }
    if (root && !snapshot && row.Child("slicing") != nullptr) {
      Report(row, IssueType::kInvalid, "no slicing is expected on the root", issues);
    }
    CheckTraits(row, issues);
    CheckTypesOfRow(row, context, issues);
    CheckConstraints(row, expressions, issues);
  }
}

/// The url that an extension's definition fixes is that of the definition.
void CheckExtensionUrl(const Node& definition, IssueList& issues) {
  const Node* differential = definition.Child("differential");
  if (definition.ChildValue("type") != "Extension" || differential == nullptr ||
      definition.ChildValue("baseDefinition") != "http://hl7.org/fhir/StructureDefinition/Extension") {
    return;
  }
  std::string_view fixed;
  for (const Node& row : differential->children()) {
    const Node* value = row.ChildValue("path") == "Extension.url" ? ChoiceOf(row, "fixed") : nullptr;
    fixed = value == nullptr ? fixed : value->value;
  }
  if (fixed != definition.ChildValue("url")) {
    Report(definition, IssueType::kInvalid, "the url of this definition is expected to be fixed in Extension.url",
           issues);
  }
}

/// An extension's definition says where it may stand; others stand where their type does.
void CheckContexts(const Node& definition, IssueList& issues) {
  const bool extension = definition.ChildValue("type") == "Extension";
  for (const Node& child : definition.children()) {
    const bool context = child.name == "context";
    if (!context && child.name != "contextInvariant") {
      continue;
    }
    const std::string_view expression = context ? child.ChildValue("expression") : child.value;
    const bool path = !context || child.ChildValue("type") == "fhirpath";
    if (!extension) {
      Report(child, IssueType::kInvalid, "a context is expected in definitions of extensions alone", issues);
    } else if (path && !expression.empty() && !fhirpath::Compile(expression)) {
      Report(child, IssueType::kInvalid, "a FHIRPath expression is expected", issues);
    }
  }
}

/// The name of a type: that of the standard, or the last part of a URL.
std::string_view PathName(std::string_view type) {
  const std::size_t slash = type.rfind('/');
  return slash == std::string_view::npos ? type : type.substr(slash + 1);
}

}  // namespace

void CheckStructureDefinitionRows(const Node& definition, const FamilyContext& context, IssueList& issues) {
  CheckContexts(definition, issues);
  CheckExtensionUrl(definition, issues);
  const std::string_view type = definition.ChildValue("type");
  const Node* base = context.registry.Find("StructureDefinition", definition.ChildValue("baseDefinition"));
  if (base != nullptr && definition.Child("kind") != nullptr) {
    const bool constraint = definition.ChildValue("derivation") == "constraint";
    if (constraint && base->ChildValue("kind") != definition.ChildValue("kind")) {
      Report(definition, IssueType::kNotFound,
             fmt::format("the kind {} is expected, which the base has", base->ChildValue("kind")), issues);
    }
    if (constraint != (base->ChildValue("type") == type) && definition.Child("derivation") != nullptr &&
        !type.empty()) {
      Report(definition, IssueType::kNotFound,
             constraint ? fmt::format("the type {} is expected, which the base has", base->ChildValue("type"))
                        : std::string("another type than that of the base is expected"),
             issues);
    }
  }
  const Node* differential = definition.Child("differential");
  if (differential != nullptr && definition.ChildValue("derivation") == "constraint") {
    CheckAddedConstraints(*differential, definition, base, issues);
  }
  for (const std::string_view list : {"differential", "snapshot"}) {
    if (const Node* rows = definition.Child(list)) {
      CheckRows(*rows, PathName(type), list == "snapshot", context, issues);
    }
  }
}

}  // namespace fhir::validation
