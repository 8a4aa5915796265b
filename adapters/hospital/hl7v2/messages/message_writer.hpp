// A message of ours in ER7: the header, and the segments that the rules made.
// Source: HL7 v2.5.1, section 2.15 (MSH).
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "adapters/mapping/outbound/outbound_map.hpp"
#include "fhir/base/text.hpp"
#include "fhir/base/time_zone.hpp"

namespace adapters::hospital::hl7v2::messages {

/// Who a hospital is to its messages.
struct Receiver {
  std::string application = "GAM";  ///< MSH-5
  std::string facility;             ///< MSH-6
  std::string patient_system;       ///< whose identifier of the patient goes into PID-3
  std::string authority_name;       ///< CX-4: name and id of that authority
  std::string authority_id;
  fhir::Charset charset = fhir::Charset::kLatin9;
  const fhir::TimeZone* zone = nullptr;  ///< of MSH-7; null: UTC
};

struct MessageHeader {
  std::string type, event, structure;  ///< MSH-9
  std::string version;                 ///< MSH-12, as ER7
  std::string profile;                 ///< MSH-21, as ER7; "" for none
  std::string control_id;              ///< MSH-10: the same at every attempt
  std::int64_t now_us = 0;
};

/// The complete message in the receiver's character set, without frame bytes.
std::string WriteMessage(const MessageHeader& header, const Receiver& receiver,
                         std::span<const mapping::outbound::Segment> segments);

/// YYYYMMDDHHMMSS+ZZZZ of an instant, in the receiver's zone.
std::string NowStamp(const Receiver& receiver, std::int64_t now_us);

}  // namespace adapters::hospital::hl7v2::messages
