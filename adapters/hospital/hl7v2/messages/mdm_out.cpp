#include "adapters/hospital/hl7v2/messages/mdm_out.hpp"

#include <algorithm>

#include "adapters/hospital/hl7v2/er7/timestamp.hpp"
#include "adapters/hospital/hl7v2/er7/writer.hpp"
#include "fhir/base/base64.hpp"

namespace adapters::hospital::hl7v2::messages {
namespace {

using er7::SegmentWriter;
using fhir::model::Node;

std::string_view VisitClass(const Node* encounter) {
  const auto code = encounter == nullptr ? std::string_view{} : encounter->FindValue("class.code");
  if (code == "IMP") return "I";
  if (code == "EMER") return "E";
  if (code == "VR") return "V";
  return "O";
}

std::string PatientSegment(const Node& patient, std::string_view number, const MdmOptions& options) {
  SegmentWriter segment("PID");
  segment.Set(1, "1");
  const std::string authority =
      SegmentWriter::Subcomponents({options.authority_name, options.authority_id, options.authority_type});
  segment.SetRaw(3, SegmentWriter::Components({number}) + "^^^" + authority + "^PI");
  std::string names;
  for (const Node& name : patient.children()) {
    const auto use = name.name == "name" ? name.ChildValue("use") : std::string_view("-");
    if (use == "official" || use == "usual") {
      names += names.empty() ? "" : "~";
      names += SegmentWriter::Components(
          {name.ChildValue("family"), name.ChildValue("given"), "", "", "", "", use == "official" ? "L" : "D"});
    }
  }
  segment.SetRaw(5, names);
  segment.Set(7, er7::FormatTimestamp(patient.ChildValue("birthDate")));
  const auto gender = patient.ChildValue("gender");
  segment.Set(8, gender == "male" ? "M" : gender == "female" ? "F" : "U");
  return segment.Finish();
}

/// TXA-2 and OBX-3: the LOINC code of the document, with its title.
std::string TypeComponents(const Node& document) {
  const Node* coding = document.Find("type.coding");
  if (coding == nullptr) {
    return SegmentWriter::Components({"", document.FindValue("type.text")});
  }
  return SegmentWriter::Components({coding->ChildValue("code"), coding->ChildValue("display"),
                                    coding->ChildValue("system") == "http://loinc.org" ? "LN" : ""});
}

std::string DocumentSegment(const Node& document) {
  SegmentWriter segment("TXA");
  segment.Set(1, "1");
  segment.SetRaw(2, TypeComponents(document));
  segment.Set(3, "ED");
  const std::string date = er7::FormatTimestamp(document.ChildValue("date"));
  segment.Set(4, date);
  segment.Set(6, date);
  const auto master = document.FindValue("masterIdentifier.value");
  const auto own = document.FindValue("identifier.value");
  segment.Set(12, {!master.empty() ? master : !own.empty() ? own : document.ChildValue("id")});
  segment.Set(17, document.ChildValue("docStatus") == "preliminary" ? "PA" : "AU");
  segment.Set(19, "AV");
  return segment.Finish();
}

std::string ContentSegment(const Node& document, std::string_view content) {
  const auto media = document.FindValue("content.attachment.contentType");
  std::string_view type = media.substr(0, media.find('/'));
  std::string_view subtype =
      media.find('/') == std::string_view::npos ? "octet-stream" : media.substr(media.find('/') + 1);
  subtype = subtype.substr(0, subtype.find(';'));
  if (type.empty()) {
    type = "application";
  }
  SegmentWriter segment("OBX");
  segment.Set(1, "1").Set(2, "ED").SetRaw(3, TypeComponents(document));
  segment.SetRaw(5, "^" + SegmentWriter::Components({type, subtype, "Base64"}) + "^" + fhir::EncodeBase64(content));
  segment.Set(11, "F");
  return segment.Finish();
}

}  // namespace

std::string_view IdentifierOf(const Node& resource, std::string_view system) {
  for (const Node& child : resource.children()) {
    if (child.name == "identifier" && child.ChildValue("system") == system && child.ChildValue("use") != "old") {
      return child.ChildValue("value");
    }
  }
  return {};
}

fhir::Result<std::string> BuildMdmT02(const Node& document, const Node& patient, const Node* encounter,
                                      std::string_view content, const MdmOptions& options) {
  const auto number = IdentifierOf(patient, options.patient_system);
  if (number.empty()) {
    return fhir::Fail(fhir::ErrorCode::kInvalid, "the patient has no identifier of the receiving hospital");
  }
  const std::string now =
      er7::FormatTimestamp(options.now_us, options.zone == nullptr ? fhir::TimeZone::Utc() : *options.zone);
  SegmentWriter header("MSH");
  header.SetRaw(1, "^~\\&");  // the writer's first delimiter is MSH-1 itself: numbers are one less than in MSH
  header.Set(2, "PASSERELLE").Set(3, "PASSERELLE").Set(4, options.receiving_application);
  header.Set(5, options.receiving_facility).Set(6, now).Set(8, {"MDM", "T02", "MDM_T02"}).Set(9, options.control_id);
  header.Set(10, "P").Set(11, "2.6").Set(16, "FRA").Set(17, er7::CharsetName(options.charset));
  header.Set(20, {"2.1", "CISIS_CDA_HL7_V2"});
  std::string text = header.Finish();
  text += SegmentWriter("EVN").Set(2, now).Finish();
  text += PatientSegment(patient, number, options);
  SegmentWriter visit("PV1");
  visit.Set(1, "1").Set(2, VisitClass(encounter));
  if (const auto visit_number =
          encounter == nullptr ? std::string_view{} : IdentifierOf(*encounter, options.patient_system);
      !visit_number.empty()) {
    const std::string authority =
        SegmentWriter::Subcomponents({options.authority_name, options.authority_id, options.authority_type});
    visit.SetRaw(19, SegmentWriter::Components({visit_number}) + "^^^" + authority + "^VN");
  }
  text += visit.Finish() + DocumentSegment(document);
  std::string bytes = er7::Encode(text, options.charset);
  bytes += er7::Encode(ContentSegment(document, content), options.charset);
  return bytes;
}

}  // namespace adapters::hospital::hl7v2::messages
