#include "adapters/hospital/hl7v2/messages/message_writer.hpp"

#include "adapters/hospital/hl7v2/er7/timestamp.hpp"
#include "adapters/hospital/hl7v2/er7/writer.hpp"

namespace adapters::hospital::hl7v2::messages {
namespace {

using er7::SegmentWriter;

/// Joins parts, without the empty ones at the end.
template <typename Parts, typename Text>
std::string JoinParts(const Parts& parts, char delimiter, Text text) {
  std::string joined;
  std::size_t waiting = 0;
  bool first = true;
  for (const auto& part : parts) {
    if (!first) {
      ++waiting;
    }
    first = false;
    std::string one = text(part);
    if (!one.empty()) {
      joined.append(waiting, delimiter);
      waiting = 0;
      joined += one;
    }
  }
  return joined;
}

std::string FieldText(const mapping::outbound::Repetitions& repetitions) {
  const er7::Delimiters delimiters;
  std::string field;
  for (const auto& components : repetitions) {
    if (&components != &repetitions.front()) {
      field += delimiters.repetition;
    }
    field += JoinParts(components, delimiters.component, [&](const mapping::outbound::Subcomponents& parts) {
      return JoinParts(parts, delimiters.subcomponent,
                       [&](const std::string& text) { return er7::Escape(text, delimiters); });
    });
  }
  return field;
}

}  // namespace

std::string NowStamp(const Receiver& receiver, std::int64_t now_us) {
  return er7::FormatTimestamp(now_us, receiver.zone == nullptr ? fhir::TimeZone::Utc() : *receiver.zone);
}

std::string WriteMessage(const MessageHeader& header, const Receiver& receiver,
                         std::span<const mapping::outbound::Segment> segments) {
  SegmentWriter msh("MSH");
  msh.SetRaw(1, "^~\\&");  // the writer's first delimiter is MSH-1 itself: numbers are one less than in MSH
  msh.Set(2, "PASSERELLE").Set(3, "PASSERELLE").Set(4, receiver.application).Set(5, receiver.facility);
  msh.Set(6, NowStamp(receiver, header.now_us)).Set(8, {header.type, header.event, header.structure});
  msh.Set(9, header.control_id).Set(10, "P").SetRaw(11, header.version).Set(16, "FRA");
  msh.Set(17, er7::CharsetName(receiver.charset)).SetRaw(20, header.profile);
  std::string bytes = er7::Encode(msh.Finish(), receiver.charset);
  for (const auto& segment : segments) {
    SegmentWriter writer(segment.name);
    for (const auto& [number, repetitions] : segment.fields) {
      writer.SetRaw(number, FieldText(repetitions));
    }
    bytes += er7::Encode(writer.Finish(), receiver.charset);
  }
  return bytes;
}

}  // namespace adapters::hospital::hl7v2::messages
