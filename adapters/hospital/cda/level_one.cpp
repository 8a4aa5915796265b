#include "adapters/hospital/cda/level_one.hpp"

#include <algorithm>
#include <vector>

#include "fhir/base/date_time.hpp"
#include "fhir/xml/element_writer.hpp"

namespace adapters::hospital::cda {
namespace {

using fhir::model::Node;
using fhir::xml::ElementWriter;

constexpr std::string_view kLoincOid = "2.16.840.1.113883.6.1";
constexpr std::string_view kOidPrefix = "urn:oid:";
constexpr std::string_view kRpps = "https://rpps.esante.gouv.fr";
constexpr std::string_view kFiness = "https://finess.esante.gouv.fr";
constexpr std::string_view kTeleconsultation = "85208-7";

/// Digits of a FHIR date or dateTime as CDA's TS: "20250120100000+0100"; "" for nothing.
std::string Time(std::string_view fhir_time) {
  std::string text;
  const std::size_t clock = fhir_time.find('T');
  for (std::size_t i = 0; i < fhir_time.size(); ++i) {
    const char c = fhir_time[i];
    if (c >= '0' && c <= '9') {
      text += c;
    } else if (c == '.') {  // fractions of a second say nothing here
      while (i + 1 < fhir_time.size() && fhir_time[i + 1] >= '0' && fhir_time[i + 1] <= '9') ++i;
    } else if (c == 'Z') {
      text += "+0000";
    } else if (c == '+' || (c == '-' && clock != std::string_view::npos && i > clock)) {
      text += c;
    }
  }
  return text;
}

std::string_view Oid(std::string_view system) {
  return system.starts_with(kOidPrefix) ? system.substr(kOidPrefix.size()) : std::string_view();
}

/// An element with a value attribute, or with the reason why it has none.
void Value(ElementWriter& xml, std::string_view name, std::string_view value) {
  xml.Leaf(name, {{"value", value}, {"nullFlavor", value.empty() ? "UNK" : ""}});
}

void Name(ElementWriter& xml, const Node* name) {
  if (name == nullptr || (name->ChildValue("family").empty() && name->Child("given") == nullptr)) {
    xml.Leaf("name", {{"nullFlavor", "UNK"}});
    return;
  }
  const auto use = name->ChildValue("use");
  xml.Open("name");
  xml.Text("family", name->ChildValue("family"),
           {{"qualifier", use == "official" ? "BR"
                          : use == "usual"  ? "CL"
                                            : ""}});
  for (const Node& child : name->children()) {
    if (child.name == "given") {
      xml.Text("given", child.value);
    }
  }
  xml.Close();
}

std::string_view IdentifierUnder(const Node& resource, std::string_view system) {
  for (const Node& child : resource.children()) {
    if (child.name == "identifier" && child.ChildValue("system") == system) {
      return child.ChildValue("value");
    }
  }
  return {};
}

void RecordTarget(ElementWriter& xml, const Node& patient) {
  xml.Open("recordTarget").Open("patientRole");
  bool named = false;
  for (const Node& child : patient.children()) {
    if (child.name == "identifier" && child.ChildValue("use") != "old" && !Oid(child.ChildValue("system")).empty()) {
      xml.Leaf("id", {{"root", Oid(child.ChildValue("system"))}, {"extension", child.ChildValue("value")}});
      named = true;
    }
  }
  if (!named) {
    xml.Leaf("id", {{"nullFlavor", "UNK"}});
  }
  const Node* const address = patient.Child("address");
  if (address == nullptr) {
    xml.Leaf("addr", {{"nullFlavor", "NASK"}});
  } else {
    xml.Open("addr");
    for (const Node& child : address->children()) {
      if (child.name == "line") xml.Text("streetAddressLine", child.value);
    }
    xml.Text("postalCode", address->ChildValue("postalCode")).Text("city", address->ChildValue("city"));
    xml.Text("country", address->ChildValue("country")).Close();
  }
  const auto phone = patient.FindValue("telecom.value");
  xml.Leaf("telecom", {{"value", phone.empty() ? std::string() : "tel:" + std::string(phone)},
                       {"nullFlavor", phone.empty() ? "NASK" : ""}});
  xml.Open("patient");
  Name(xml, patient.Child("name"));
  const auto gender = patient.ChildValue("gender");
  const std::string_view code = gender == "male" ? "M" : gender == "female" ? "F" : "U";
  xml.Leaf("administrativeGenderCode", {{"code", code}, {"codeSystem", "2.16.840.1.113883.5.1"}});
  Value(xml, "birthTime", Time(patient.ChildValue("birthDate")));
  xml.Close().Close().Close();
}

/// id, name and organization of a professional, as assignedAuthor and assignedEntity both hold them.
void Professional(ElementWriter& xml, const Node* practitioner) {
  const auto rpps = practitioner == nullptr ? std::string_view() : IdentifierUnder(*practitioner, kRpps);
  const std::string number = rpps.empty() ? std::string() : "8" + std::string(rpps);
  xml.Leaf("id", {{"root", rpps.empty() ? "" : "1.2.250.1.71.4.2.1"},
                  {"extension", number},
                  {"nullFlavor", rpps.empty() ? "UNK" : ""}});
  xml.Leaf("addr", {{"nullFlavor", "NASK"}}).Leaf("telecom", {{"nullFlavor", "NASK"}});
  xml.Open("assignedPerson");
  Name(xml, practitioner == nullptr ? nullptr : practitioner->Child("name"));
  xml.Close();
}

void Custodian(ElementWriter& xml, const Node* organization) {
  const auto finess = organization == nullptr ? std::string_view() : IdentifierUnder(*organization, kFiness);
  const std::string number = finess.empty() ? std::string() : "1" + std::string(finess);
  xml.Open("custodian").Open("assignedCustodian").Open("representedCustodianOrganization");
  xml.Leaf("id", {{"root", finess.empty() ? "" : "1.2.250.1.71.4.2.2"},
                  {"extension", number},
                  {"nullFlavor", finess.empty() ? "UNK" : ""}});
  const auto name = organization == nullptr ? std::string_view() : organization->ChildValue("name");
  if (name.empty()) {
    xml.Leaf("name", {{"nullFlavor", "UNK"}});
  } else {
    xml.Text("name", name);
  }
  xml.Leaf("telecom", {{"nullFlavor", "NASK"}}).Leaf("addr", {{"nullFlavor", "NASK"}});
  xml.Close().Close().Close();
}

void Interval(ElementWriter& xml, std::string_view low, std::string_view high) {
  xml.Open("effectiveTime");
  Value(xml, "low", Time(low));
  if (!high.empty()) {
    Value(xml, "high", Time(high));
  }
  xml.Close();
}

/// The act that the document tells of: a teleconsultation is TCG of the NGAP.
void ServiceEvent(ElementWriter& xml, const LevelOneInput& input, const Node* author, std::string_view type_code) {
  xml.Open("documentationOf").Open("serviceEvent");
  if (type_code == kTeleconsultation) {
    xml.Leaf("code", {{"code", "TCG"}, {"codeSystem", "1.2.250.1.215.200.3.3"}, {"displayName", "Téléconsultation"}});
  }
  const auto low = input.encounter == nullptr ? std::string_view() : input.encounter->FindValue("period.start");
  const auto high = input.encounter == nullptr ? std::string_view() : input.encounter->FindValue("period.end");
  Interval(xml, low.empty() ? input.document->ChildValue("date") : low, high);
  xml.Open("performer", {{"typeCode", "PRF"}}).Open("assignedEntity");
  Professional(xml, author);
  xml.Close().Close().Close().Close();
}

void Encompassing(ElementWriter& xml, const LevelOneInput& input) {
  xml.Open("componentOf").Open("encompassingEncounter");
  if (input.encounter != nullptr) {
    for (const Node& child : input.encounter->children()) {
      if (child.name == "identifier" && !Oid(child.ChildValue("system")).empty()) {
        xml.Leaf("id", {{"root", Oid(child.ChildValue("system"))}, {"extension", child.ChildValue("value")}});
      }
    }
  }
  const auto code = input.encounter == nullptr ? std::string_view() : input.encounter->FindValue("class.code");
  if (!code.empty()) {
    xml.Leaf("code", {{"code", code}, {"codeSystem", "2.16.840.1.113883.5.4"}});
  }
  const auto low = input.encounter == nullptr ? std::string_view() : input.encounter->FindValue("period.start");
  const auto high = input.encounter == nullptr ? std::string_view() : input.encounter->FindValue("period.end");
  Interval(xml, low.empty() ? input.document->ChildValue("date") : low, high);
  xml.Close().Close();
}

const Node* FirstAuthor(const LevelOneInput& input) {
  for (const Node& child : input.document->children()) {
    if (child.name == "author" && child.ChildValue("reference").starts_with("Practitioner/")) {
      return input.resolve(child.ChildValue("reference"));
    }
  }
  return nullptr;
}

std::string NowText(const LevelOneInput& input) {
  const fhir::TimeZone& zone = input.zone == nullptr ? fhir::TimeZone::Utc() : *input.zone;
  return fhir::FormatInstantIn(input.now_us, zone);
}

}  // namespace

std::string WrapLevelOne(const LevelOneInput& input) {
  const Node& document = *input.document;
  const Node* const author = FirstAuthor(input);
  const Node* const coding = document.Find("type.coding");
  const auto type_code = coding == nullptr ? std::string_view() : coding->ChildValue("code");
  const auto title = coding != nullptr && !coding->ChildValue("display").empty() ? coding->ChildValue("display")
                                                                                 : document.FindValue("type.text");
  const std::string date =
      document.ChildValue("date").empty() ? NowText(input) : std::string(document.ChildValue("date"));
  const std::string time = Time(date);

  ElementWriter xml;
  xml.Open("ClinicalDocument", {{"xmlns", "urn:hl7-org:v3"}});
  xml.Leaf("realmCode", {{"code", "FR"}});
  xml.Leaf("typeId", {{"root", "2.16.840.1.113883.1.3"}, {"extension", "POCD_HD000040"}});
  xml.Leaf("templateId", {{"root", "2.16.840.1.113883.2.8.2.1"}});
  xml.Leaf("templateId", {{"root", "1.2.250.1.213.1.1.1.1"}});
  xml.Leaf("templateId", {{"root", "1.3.6.1.4.1.19376.1.2.20"}});  // IHE XDS-SD: a scanned or printed document
  xml.Leaf("id", {{"root", input.id_root}, {"extension", input.id_extension}});
  xml.Leaf("code", {{"code", type_code},
                    {"codeSystem", type_code.empty() ? "" : kLoincOid},
                    {"displayName", type_code.empty() ? "" : title},
                    {"nullFlavor", type_code.empty() ? "UNK" : ""}});
  xml.Text("title", title);
  xml.Leaf("effectiveTime", {{"value", time}});
  xml.Leaf("confidentialityCode", {{"code", "N"}, {"codeSystem", "2.16.840.1.113883.5.25"}, {"displayName", "Normal"}});
  xml.Leaf("languageCode", {{"code", "fr-FR"}});
  xml.Leaf("setId", {{"root", input.set_root}});
  xml.Leaf("versionNumber", {{"value", std::to_string(input.version)}});
  RecordTarget(xml, *input.patient);
  xml.Open("author");
  xml.Leaf("time", {{"value", time}});
  xml.Open("assignedAuthor");
  Professional(xml, author);
  xml.Close().Close();
  Custodian(xml, input.resolve(document.FindValue("custodian.reference")));
  if (author != nullptr) {
    xml.Open("legalAuthenticator");
    xml.Leaf("time", {{"value", time}}).Leaf("signatureCode", {{"code", "S"}});
    xml.Open("assignedEntity");
    Professional(xml, author);
    xml.Close().Close();
  }
  ServiceEvent(xml, input, author, type_code);
  if (!input.replaced_root.empty()) {
    xml.Open("relatedDocument", {{"typeCode", "RPLC"}}).Open("parentDocument");
    xml.Leaf("id", {{"root", input.replaced_root}, {"extension", input.replaced_extension}});
    xml.Close().Close();
  }
  Encompassing(xml, input);
  xml.Open("component").Open("nonXMLBody");
  xml.Text("text", input.content_base64, {{"mediaType", input.media_type}, {"representation", "B64"}});
  return xml.Finish();
}

}  // namespace adapters::hospital::cda
