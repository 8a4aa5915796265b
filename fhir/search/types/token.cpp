#include "fhir/search/types/token.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

#include "fhir/base/text.hpp"
#include "fhir/fhirpath/expression.hpp"

namespace fhir::search {
namespace {

void AddTokenRow(std::uint16_t parameter, std::string_view system, std::string_view code, IndexValues& out,
                 std::string_view identifier_type = {}, std::string text = {}) {
  if (code.empty() && text.empty()) return;
  out.tokens.push_back(
      {parameter, std::string(system), std::string(code), std::string(identifier_type), std::move(text)});
}

void AddCoding(std::uint16_t parameter, const model::Node& coding, IndexValues& out) {
  const std::string_view code = coding.ChildValue("code");
  AddTokenRow(parameter, code.empty() ? std::string_view() : coding.ChildValue("system"), code, out, {},
              Fold(coding.ChildValue("display")));
}

void AddConcept(std::uint16_t parameter, const model::Node& concept_node, IndexValues& out) {
  const std::size_t first = out.tokens.size();
  for (const model::Node& child : concept_node.children()) {
    if (child.name == "coding") AddCoding(parameter, child, out);
  }
  std::string text = Fold(concept_node.ChildValue("text"));
  const bool displayed = std::any_of(out.tokens.begin() + static_cast<std::ptrdiff_t>(first), out.tokens.end(),
                                     [&](const TokenIndex& row) { return row.text == text; });
  if (!displayed) AddTokenRow(parameter, {}, {}, out, {}, std::move(text));
}

}  // namespace

void IndexIdentifier(std::uint16_t parameter, const model::Node& identifier, IndexValues& out) {
  AddTokenRow(parameter, identifier.ChildValue("system"), identifier.ChildValue("value"), out,
              identifier.FindValue("type.coding.code"), Fold(identifier.FindValue("type.text")));
}

void IndexToken(const IndexContext& context, std::uint16_t parameter, const fhirpath::Item& item, IndexValues& out) {
  const model::Node* const element = ElementOf(context, item);
  if (element == nullptr) {
    if (item.kind == fhirpath::ItemKind::kBoolean || item.kind == fhirpath::ItemKind::kString) {
      AddTokenRow(parameter, {}, fhirpath::ItemText(item), out);
    }
    return;
  }
  const ElementTypes& types = context.types;
  if (element->HasValue()) {
    AddTokenRow(parameter, {}, element->value, out);
  } else if (element->type == types.coding) {
    AddCoding(parameter, *element, out);
  } else if (element->type == types.codeable_concept) {
    AddConcept(parameter, *element, out);
  } else if (element->type == types.identifier) {
    IndexIdentifier(parameter, *element, out);
  } else if (element->type == types.contact_point) {
    AddTokenRow(parameter, element->ChildValue("use"), element->ChildValue("value"), out);
  }
}

bool TokenMatches(const TokenIndex& row, Modifier modifier, const TokenValue& value) {
  if (modifier == Modifier::kOfType) {
    // The parser keeps "type|value" of system|type|value as the code, since the row has no system of the type.
    return value.code == row.identifier_type + "|" + row.code;
  }
  if (row.code.empty()) return false;  // a text alone
  return (!value.system || *value.system == row.system) && (!value.code || *value.code == row.code);
}

bool TokenTextMatches(const TokenIndex& row, const StringValue& value) {
  return !row.text.empty() && row.text.starts_with(Fold(value.text));
}

}  // namespace fhir::search
