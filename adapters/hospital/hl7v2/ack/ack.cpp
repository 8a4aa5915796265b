#include "adapters/hospital/hl7v2/ack/ack.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "adapters/hospital/hl7v2/er7/timestamp.hpp"
#include "adapters/hospital/hl7v2/er7/writer.hpp"

namespace adapters::hospital::hl7v2::ack {
namespace {

constexpr std::string_view kNames[] = {"AA", "AE", "AR", "CA", "CE", "CR"};
constexpr std::size_t kFaultsMax = 20;

std::string_view ConditionText(er7::Condition condition) {
  switch (condition) {
    case er7::Condition::kAccepted:
      return "Message accepted";
    case er7::Condition::kSegmentSequence:
      return "Segment sequence error";
    case er7::Condition::kRequiredFieldMissing:
      return "Required field missing";
    case er7::Condition::kDataType:
      return "Data type error";
    case er7::Condition::kTableValueNotFound:
      return "Table value not found";
    case er7::Condition::kUnsupportedMessageType:
      return "Unsupported message type";
    case er7::Condition::kUnsupportedEvent:
      return "Unsupported event code";
    case er7::Condition::kUnsupportedProcessingId:
      return "Unsupported processing id";
    case er7::Condition::kUnsupportedVersion:
      return "Unsupported version id";
    case er7::Condition::kUnknownKey:
      return "Unknown key identifier";
    case er7::Condition::kDuplicateKey:
      return "Duplicate key identifier";
    case er7::Condition::kRecordLocked:
      return "Application record locked";
    case er7::Condition::kInternal:
      return "Application internal error";
  }
  return "Application internal error";
}

std::string Number(int value) {
  return value > 0 ? std::to_string(value) : std::string();
}

std::string ErrorSegment(const er7::Fault& fault, const er7::Delimiters& by) {
  const auto& at = fault.location;
  er7::SegmentWriter segment("ERR", by);
  segment.Set(2, {at.segment, Number(at.sequence), Number(at.field), Number(at.repetition), Number(at.component),
                  Number(at.subcomponent)});
  segment.Set(3, {std::to_string(static_cast<int>(fault.condition)), ConditionText(fault.condition), "HL70357"});
  segment.Set(4, "E");
  const std::string place = er7::ToPlace(at);
  segment.Set(8, place.empty() ? fault.text : fmt::format("{}: {}", place, fault.text));
  return segment.Finish();
}

}  // namespace

std::string_view Name(Code code) {
  return kNames[static_cast<std::size_t>(code)];
}

std::optional<Code> FindCode(std::string_view name) {
  for (std::size_t i = 0; i < std::size(kNames); ++i) {
    if (kNames[i] == name) {
      return static_cast<Code>(i);
    }
  }
  return std::nullopt;
}

std::string Build(const er7::Header& header, const Answer& answer) {
  er7::Delimiters by = header.delimiters;
  std::string encoding = header.encoding_characters;
  if (!header.readable || by.component == 0 || by.repetition == 0 || by.escape == 0 || by.subcomponent == 0) {
    by = {};  // a short MSH-2 cannot carry what we have to say
    encoding = "^~\\&";
  }
  const fhir::TimeZone& zone = answer.zone == nullptr ? fhir::TimeZone::Utc() : *answer.zone;
  // The other side's values go back as they came: they are in its delimiters and character set already.
  std::string msh = "MSH";
  msh += by.field;
  msh += encoding;
  const std::string fields[] = {
      header.receiving_application.empty() ? answer.application : header.receiving_application,
      header.receiving_facility,
      header.sending_application,
      header.sending_facility,
      er7::FormatTimestamp(answer.now_us, zone),
      "",
      header.trigger.empty() ? "ACK" : fmt::format("ACK{0}{1}{0}ACK", by.component, header.trigger),
      fmt::format("ACK{}", answer.now_us),
      header.processing_id.empty() ? "P" : header.processing_id,
      header.version.empty() ? "2.5" : header.version,
      "",
      "",
      answer.asks_acceptance ? "AL" : "",
      answer.asks_acceptance ? "NE" : "",
      header.country,
      header.charset_name};
  for (const auto& field : fields) {
    msh += by.field;
    msh += field;
  }
  while (msh.back() == by.field) {
    msh.pop_back();
  }
  std::string text = msh + '\r';
  text += er7::SegmentWriter("MSA", by).Set(1, Name(answer.code)).SetRaw(2, header.control_id).Finish();
  for (std::size_t i = 0; i < std::min(answer.faults.size(), kFaultsMax); ++i) {
    text += ErrorSegment(answer.faults[i], by);
  }
  return text;
}

fhir::Result<Received> Read(std::string_view raw) {
  const auto message = er7::Message::Parse(raw, "8859/1", {.message_bytes_max = 1024 * 1024});
  const auto code = message ? FindCode(message->Get("MSA-1")) : std::nullopt;
  if (!code) {
    return fhir::Fail(fhir::ErrorCode::kMalformed, "the answer is not an HL7 acknowledgement");
  }
  Received received;
  received.code = *code;
  received.control_id = std::string(message->Get("MSA-2"));
  received.condition = std::string(message->Get("ERR-3.1"));
  received.place = std::string(message->Get("ERR-2.1"));
  if (const auto field = message->Get("ERR-2.3"); !received.place.empty() && !field.empty()) {
    received.place += fmt::format("-{}", field);
  }
  return received;
}

}  // namespace adapters::hospital::hl7v2::ack
