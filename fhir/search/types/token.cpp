#include "fhir/search/types/token.hpp"

#include <string>

#include "fhir/fhirpath/expression.hpp"

namespace fhir::search {
namespace {

void AddTokenRow(std::uint16_t parameter, std::string_view system, std::string_view code, IndexValues& out,
                 std::string_view identifier_type = {}) {
  if (code.empty()) return;
  out.tokens.push_back({parameter, std::string(system), std::string(code), std::string(identifier_type)});
}

}  // namespace

void IndexIdentifier(std::uint16_t parameter, const model::Node& identifier, IndexValues& out) {
  AddTokenRow(parameter, identifier.ChildValue("system"), identifier.ChildValue("value"), out,
              identifier.FindValue("type.coding.code"));
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
    AddTokenRow(parameter, element->ChildValue("system"), element->ChildValue("code"), out);
  } else if (element->type == types.codeable_concept) {
    for (const model::Node& child : element->children()) {
      if (child.name == "coding") AddTokenRow(parameter, child.ChildValue("system"), child.ChildValue("code"), out);
    }
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
  return (!value.system || *value.system == row.system) && (!value.code || *value.code == row.code);
}

}  // namespace fhir::search
