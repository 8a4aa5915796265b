#include "fhir/model/data_types.hpp"

namespace fhir::model {

Node& AddReference(Document& document, Node& parent, std::string_view name, std::string_view reference) {
  Node& node = document.Add(parent, name);
  document.Add(node, "reference", reference);
  return node;
}

Node& AddConcept(Document& document, Node& parent, std::string_view name, const CodingText& coding) {
  Node& node = document.Add(parent, name);
  if (!coding.code.empty()) {
    Node& child = document.Add(node, "coding");
    if (!coding.system.empty()) {
      document.Add(child, "system", coding.system);
    }
    document.Add(child, "code", coding.code);
    if (!coding.display.empty()) {
      document.Add(child, "display", coding.display);
    }
  }
  if (!coding.text.empty()) {
    document.Add(node, "text", coding.text);
  }
  return node;
}

Node& AddIdentifier(Document& document, Node& parent, std::string_view name, std::string_view system,
                    std::string_view value) {
  Node& node = document.Add(parent, name);
  document.Add(node, "system", system);
  document.Add(node, "value", value);
  return node;
}

Node& AddMoney(Document& document, Node& parent, std::string_view name, std::string_view value,
               std::string_view currency) {
  Node& node = document.Add(parent, name);
  document.Add(node, "value", value);
  document.Add(node, "currency", currency);
  return node;
}

}  // namespace fhir::model
