#include "adapters/hospital/hl7v2/messages/functions.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>

#include "adapters/hospital/hl7v2/messages/embedded_data.hpp"
#include "adapters/hospital/hl7v2/messages/identifiers.hpp"
#include "adapters/hospital/hl7v2/messages/observation_values.hpp"
#include "adapters/mapping/code_text.hpp"

namespace adapters::hospital::hl7v2::messages {
namespace {

using mapping::Input;
using mapping::Output;

const MessageContext& ContextOf(const Input& input) {
  // Hl7Vocabulary's functions are only ever run with a MessageContext (see translate.cpp).
  return static_cast<const MessageContext&>(input.context);
}

/// Adds a child when there is something to say.
bool Put(Output& output, fhir::model::Node& node, std::string_view name, std::string_view value) {
  if (value.empty()) {
    return false;
  }
  output.document.Add(node, name, value);
  return true;
}

// XPN: .1.1 family, .2 first given name, .4 suffix, .5 prefix. Use, and the list of birth given names, are rules.
bool XpnToHumanName(const Input& input, Output& output) {
  bool any = Put(output, output.node, "family", input.Text(1, 1));
  any = Put(output, output.node, "given", input.Text(2)) || any;
  any = Put(output, output.node, "prefix", input.Text(5)) || any;
  return Put(output, output.node, "suffix", input.Text(4)) || any;
}

// XCN: .2.1 family, .3 given, .6 prefix.
bool XcnToHumanName(const Input& input, Output& output) {
  bool any = Put(output, output.node, "family", input.Text(2, 1));
  any = Put(output, output.node, "given", input.Text(3)) || any;
  return Put(output, output.node, "prefix", input.Text(6)) || any;
}

// XAD: .1.1 street, .2 other line, .3 city, .4 state, .5 postal code, .6 country. Use and COG commune are rules.
bool XadToAddress(const Input& input, Output& output) {
  bool any = Put(output, output.node, "line", input.Text(1, 1));
  any = Put(output, output.node, "line", input.Text(2)) || any;
  any = Put(output, output.node, "city", input.Text(3)) || any;
  any = Put(output, output.node, "state", input.Text(4)) || any;
  any = Put(output, output.node, "postalCode", input.Text(5)) || any;
  return Put(output, output.node, "country", input.Text(6)) || any;
}

// XTN: .12 or .1 number, .3 equipment (PH CP FX Internet), .4 e-mail address.
bool XtnToContactPoint(const Input& input, Output& output) {
  const auto mail = input.Text(4);
  const auto equipment = input.Text(3);
  const auto number = input.Text(12).empty() ? input.Text(1) : input.Text(12);
  if (mail.empty() && number.empty()) {
    return false;
  }
  output.document.Add(output.node, "system",
                      !mail.empty()       ? "email"
                      : equipment == "FX" ? "fax"
                      : equipment == "PG" ? "pager"
                                          : "phone");
  output.document.Add(output.node, "value", !mail.empty() ? mail : number);
  if (equipment == "CP" && mail.empty()) {
    output.document.Add(output.node, "use", "mobile");
  }
  return true;
}

enum class TimeForm : unsigned char { kDateTime, kDate, kInstant };

bool TimestampTo(TimeForm form, const Input& input, Output& output) {
  const auto text = input.Text();
  if (text.empty()) {
    return false;
  }
  const auto value = er7::ParseTimestamp(text);
  if (!value) {
    output.Fault(fhir::IssueType::kValue, value.error().public_text.text);
    return false;
  }
  const std::string fhir_text =
      form == TimeForm::kDate ? er7::ToFhirDate(*value) : er7::ToFhirDateTime(*value, ContextOf(input).zone);
  if (form == TimeForm::kInstant && fhir_text.find('T') == std::string::npos) {
    return false;  // an instant is whole or absent
  }
  output.document.SetValue(output.node, fhir_text);
  return true;
}

bool TsToDateTime(const Input& input, Output& output) {
  return TimestampTo(TimeForm::kDateTime, input, output);
}
bool TsToDate(const Input& input, Output& output) {
  return TimestampTo(TimeForm::kDate, input, output);
}
bool TsToInstant(const Input& input, Output& output) {
  return TimestampTo(TimeForm::kInstant, input, output);
}

/// Minutes of a duration and its unit (HL7: the unit of a scheduling segment, "min" where it says nothing).
std::optional<double> MinutesOf(std::string_view number, std::string_view unit) {
  double value = 0;
  const auto [end, failure] = std::from_chars(number.data(), number.data() + number.size(), value);
  if (failure != std::errc{} || end != number.data() + number.size() || !(value > 0) || value > 1e6) {
    return std::nullopt;
  }
  std::string name(unit);
  std::transform(name.begin(), name.end(), name.begin(), [](unsigned char c) { return std::tolower(c); });
  if (name.empty() || name.starts_with("m")) {
    return value;
  }
  return name.starts_with("s")   ? std::optional(value / 60)
         : name.starts_with("h") ? std::optional(value * 60)
                                 : std::nullopt;
}

// The end of what begins here and lasts as long as the field says that the rule names with `with:`; the unit stands in
// the field behind that one, as it does in all segments of scheduling.
bool TsToEnd(const Input& input, Output& output) {
  const auto start = er7::ParseTimestamp(input.Text());
  if (!start || start->precision < fhir::DatePrecision::kMinute) {
    return false;  // the rule of the beginning complains
  }
  const auto& zone = ContextOf(input).zone;
  const auto beginning = fhir::ParseInstant(er7::ToFhirDateTime(*start, zone));
  if (!beginning) {
    return false;
  }
  if (!input.with) {
    return false;
  }
  const mapping::Cell cell = *input.with;
  const auto number = input.source.Text(cell, 1, 0);
  const mapping::Cell unit{cell.group, cell.occurrence, static_cast<std::uint16_t>(cell.field + 1), 0};
  const auto minutes = MinutesOf(number, input.source.Text(unit, 1, 0));
  if (!minutes) {
    output.issues.AddAt(mapping::Place(cell), fhir::Severity::kError, fhir::IssueType::kValue,
                        "a duration is a positive number of seconds, minutes or hours");
    return false;
  }
  const std::int64_t end_us = fhir::ToRange(*beginning, fhir::TimeZone::Utc()).low_us +
                              static_cast<std::int64_t>(std::llround(*minutes * 60e6));
  output.document.SetValue(output.node,
                           fhir::FormatInstantIn(end_us, zone.zone == nullptr ? fhir::TimeZone::Utc() : *zone.zone, 0));
  return true;
}

// A value under the authority in component 4.
bool AddIdentifier(const Input& input, Output& output, std::string_view value) {
  if (value.empty()) {
    return false;
  }
  output.document.Add(output.node, "system",
                      AuthoritySystem(*ContextOf(input).partner, input.Text(4, 1), input.Text(4, 2), input.Text(4, 3)));
  output.document.Add(output.node, "value", value);
  return true;
}

// CX: .1 value, .4 authority, .7 and .8 validity. The type is a rule's business.
bool CxToIdentifier(const Input& input, Output& output) {
  return AddIdentifier(input, output, input.Text(1));
}

// EI: .1 value, .2 namespace, .3 universal id, .4 its type. In a component of its own, as of an EIP, these are its
// subcomponents.
bool EiToIdentifier(const Input& input, Output& output) {
  const auto part = [&](int number) {
    return input.component == 0 ? input.Text(number) : input.Text(input.component, number);
  };
  const auto value = part(1);
  if (value.empty()) {
    return false;
  }
  output.document.Add(output.node, "system", AuthoritySystem(*ContextOf(input).partner, part(2), part(3), part(4)));
  output.document.Add(output.node, "value", value);
  return true;
}

// XON: .10 (or .3) organization identifier, .6 authority. Units (UF) come in this type.
bool XonToIdentifier(const Input& input, Output& output) {
  const auto value = input.Text(10).empty() ? input.Text(3) : input.Text(10);
  if (value.empty()) {
    return false;
  }
  output.document.Add(output.node, "system",
                      AuthoritySystem(*ContextOf(input).partner, input.Text(6, 1), input.Text(6, 2), input.Text(6, 3)));
  output.document.Add(output.node, "value", value);
  return true;
}

/// A PL's point of care, room and bed (.1 to .3), joined; no separator behind the last that holds something.
std::string PlaceOf(const Input& input, std::string_view separator, bool keeps_gaps) {
  std::string place;
  std::string gap;
  for (const int part : {1, 2, 3}) {
    const auto text = input.Text(part);
    if (!text.empty()) {
      place += (place.empty() && !keeps_gaps ? "" : gap);
      place += text;
      gap.clear();
    }
    if (keeps_gaps || !text.empty()) {
      gap += separator;
    }
  }
  return place;
}

// PL: .1 to .3 as the sender writes them ("SURG^201^A"), .4 the facility that issued them.
bool PlToIdentifier(const Input& input, Output& output) {
  return AddIdentifier(input, output, PlaceOf(input, "^", true));
}

// PL: .1 to .3 for people, "SURG 201 A".
bool PlToText(const Input& input, Output& output) {
  const std::string value = PlaceOf(input, " ", false);
  if (value.empty()) {
    return false;
  }
  output.document.SetValue(output.node, value);
  return true;
}

void AddPractitionerType(const Input& input, Output& output, std::string_view kind) {
  const auto entry = input.table == nullptr ? std::nullopt : input.table->Find(kind);
  if (entry) {
    auto& coding = output.document.Add(output.document.Add(output.node, "type"), "coding");
    Put(output, coding, "system", entry->system);
    output.document.Add(coding, "code", entry->code);
  }
}

// XCN: .1 value, .9 authority, .13 type. A national number of a professional listed in the RPPS becomes its RPPS.
bool XcnToIdentifier(const Input& input, Output& output) {
  const auto number = ReadPractitionerNumber(input.Text(1), input.Text(9, 2), input.Text(13));
  if (number.value.empty()) {
    return false;
  }
  output.document.Add(output.node, "system",
                      number.system.empty() ? AuthoritySystem(*ContextOf(input).partner, input.Text(9, 1),
                                                              input.Text(9, 2), input.Text(9, 3))
                                            : std::string(number.system));
  output.document.Add(output.node, "value", number.value);
  AddPractitionerType(input, output, number.kind);
  return true;
}

// The same professional's IdNatPS ("8" + RPPS), the spelling that agendas search by.
bool XcnToIdNatPs(const Input& input, Output& output) {
  const auto number = ReadPractitionerNumber(input.Text(1), input.Text(9, 2), input.Text(13));
  if (number.kind != "RPPS") {
    return false;
  }
  output.document.Add(output.node, "system", kIdNatPsSystem);
  output.document.Add(output.node, "value", "8" + number.value);
  AddPractitionerType(input, output, "IDNPS");
  return true;
}

// HD inside any field: the rule's address names the component; its subcomponents are name, id, type (M or N). Without a
// FINESS there, the partner's own, which the configuration gives as that of the legal entity.
bool HdToFiness(const Input& input, Output& output) {
  std::string_view id = input.Text(input.component, 2);
  std::string_view type = input.Text(input.component, 3);
  if (!LooksLikeFiness(id) || (type != "M" && type != "N")) {
    id = ContextOf(input).partner->finess;
    type = "M";
  }
  if (!LooksLikeFiness(id)) {
    return false;
  }
  output.document.Add(output.node, "system", kFinessSystem);
  output.document.Add(output.node, "value", id);
  AddPractitionerType(input, output, type);
  return true;
}

// CWE and CE: .1 code, .2 text, .3 name of the code system, looked up in the rule's table; .4 to .6 the same once more
// in another system; .9 of a CWE the original text.
bool CweToConcept(const Input& input, Output& output) {
  bool coded = false;
  for (const int first : {1, 4}) {
    const std::string code = mapping::ToCode(input.Text(first));
    if (code.empty()) {
      continue;
    }
    auto& coding = output.document.Add(output.node, "coding");
    const auto system = input.table == nullptr ? std::nullopt : input.table->Find(input.Text(first + 2));
    if (system) {
      output.document.Add(coding, "system", system->code);
    }
    output.document.Add(coding, "code", code);
    Put(output, coding, "display", input.Text(first + 1));
    coded = true;
  }
  const auto text = !input.Text(9).empty()  ? input.Text(9)
                    : coded                 ? std::string_view{}
                    : input.Text(2).empty() ? input.Text(5)
                                            : input.Text(2);
  return Put(output, output.node, "text", text) || coded;
}

constexpr mapping::FunctionRow kFunctions[] = {
    {"cx_to_identifier", CxToIdentifier, "Identifier"},
    {"ei_to_identifier", EiToIdentifier, "Identifier"},
    {"xon_to_identifier", XonToIdentifier, "Identifier"},
    {"pl_to_identifier", PlToIdentifier, "Identifier"},
    {"pl_to_text", PlToText, "string"},
    {"xcn_to_identifier", XcnToIdentifier, "Identifier"},
    {"xcn_to_idnatps", XcnToIdNatPs, "Identifier"},
    {"hd_to_finess", HdToFiness, "Identifier"},
    {"xcn_to_human_name", XcnToHumanName, "HumanName"},
    {"xpn_to_human_name", XpnToHumanName, "HumanName"},
    {"xad_to_address", XadToAddress, "Address"},
    {"xtn_to_contact_point", XtnToContactPoint, "ContactPoint"},
    {"ts_to_datetime", TsToDateTime, "dateTime"},
    {"ts_to_date", TsToDate, "date"},
    {"ts_to_instant", TsToInstant, "instant"},
    {"ts_to_end", TsToEnd, "instant"},
    {"cwe_to_concept", CweToConcept, "CodeableConcept"},
    {"obx_to_quantity", ObxToQuantity, "Quantity"},
    {"nm_to_text", NmToText, "string"},
    {"nm_to_decimal", NmToDecimal, "decimal"},
    {"nm_to_quantity", NmToQuantity, "Quantity"},
    {"sn_to_quantity", SnToQuantity, "Quantity"},
    {"sn_to_range", SnToRange, "Range"},
    {"sn_to_ratio", SnToRatio, "Ratio"},
    {"sn_to_text", SnToText, "string"},
    {"to_lines", ToLines, "string markdown", true},
    {"to_reference_range", ToReferenceRange, "Observation.referenceRange"},
    {"tm_to_time", TmToTime, "time"},
    {"ed_to_attachment", EdToAttachment, "Attachment"},
    {"ed_to_content_type", EdToContentType, "code"},
    {"ed_to_base64", EdToBase64, "base64Binary"},
};

constexpr std::string_view kSegments[] = {
    "MSH", "SFT", "EVN", "PID", "PD1", "ROL", "NK1", "PV1", "PV2", "DB1", "OBX", "AL1", "DG1", "DRG", "PR1",
    "GT1", "IN1", "IN2", "IN3", "ACC", "MRG", "TXA", "NTE", "ORC", "OBR", "PRT", "CON", "SPM", "TQ1", "TQ2",
    "CTI", "CTD", "SCH", "RGS", "AIS", "AIG", "AIL", "AIP", "RXO", "RXE", "RXR", "RXC", "RXD", "RXA", "FT1"};

constexpr mapping::Vocabulary kVocabulary{kFunctions, kSegments};

}  // namespace

const mapping::Vocabulary& Hl7Vocabulary() {
  return kVocabulary;
}

}  // namespace adapters::hospital::hl7v2::messages
