#include "fhir/search/types/index_context.hpp"

namespace fhir::search {

ElementTypes::ElementTypes(const metadata::Definitions& definitions)
    : address(definitions.FindType("Address")),
      canonical(definitions.FindType("canonical")),
      code(definitions.FindType("code")),
      codeable_concept(definitions.FindType("CodeableConcept")),
      coding(definitions.FindType("Coding")),
      contact_point(definitions.FindType("ContactPoint")),
      date(definitions.FindType("date")),
      date_time(definitions.FindType("dateTime")),
      extension(definitions.FindType("Extension")),
      human_name(definitions.FindType("HumanName")),
      identifier(definitions.FindType("Identifier")),
      instant(definitions.FindType("instant")),
      money(definitions.FindType("Money")),
      period(definitions.FindType("Period")),
      quantity(definitions.FindType("Quantity")),
      range(definitions.FindType("Range")),
      reference(definitions.FindType("Reference")),
      timing(definitions.FindType("Timing")),
      uri(definitions.FindType("uri")) {}

const model::Node* ElementOf(const IndexContext& context, const fhirpath::Item& item) {
  if (!item.IsNode()) return nullptr;
  if (item.type != context.types.extension) return item.node;
  for (const model::Node& child : item.node->children()) {
    if (child.name.starts_with("value")) return &child;
  }
  return item.node;
}

}  // namespace fhir::search
