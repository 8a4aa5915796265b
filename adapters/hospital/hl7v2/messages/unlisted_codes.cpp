#include "adapters/hospital/hl7v2/messages/unlisted_codes.hpp"

namespace adapters::hospital::hl7v2::messages {
namespace {

constexpr std::string_view kCurrencies = "urn:iso:std:iso:4217";

void VisitCodings(fhir::model::Document& document, fhir::model::Node& node, fhir::metadata::TypeId coding,
                  const CodeCheck& check) {
  if (node.type == coding) {
    fhir::model::Node* const system = node.Child("system");
    const auto code = node.ChildValue("code");
    if (system != nullptr && !code.empty() && check(system->value, code) == false) {
      document.Remove(*system);
    }
    return;
  }
  for (fhir::model::Node* child = node.first_child; child != nullptr;) {
    fhir::model::Node* const next = child->next;
    if (child->name == "currency" && check(kCurrencies, child->value) == false) {
      document.Remove(*child);
    } else {
      VisitCodings(document, *child, coding, check);
    }
    child = next;
  }
}

}  // namespace

void LeaveUnlistedCodesWithoutSystem(fhir::model::Document& document, const CodeCheck& check) {
  static const auto kCoding = fhir::metadata::Definitions::R4().FindType("Coding");
  VisitCodings(document, document.root(), kCoding, check);
}

}  // namespace adapters::hospital::hl7v2::messages
