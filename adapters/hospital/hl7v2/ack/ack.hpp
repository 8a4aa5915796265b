// Acknowledgements: ACK^trigger^ACK with MSA and, when something is wrong, ERR segments that name the place.
// Source: HL7 v2.5.1, sections 2.9 and 2.15; IHE France PAM 2.11 for the header.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "adapters/hospital/hl7v2/er7/fault.hpp"
#include "adapters/hospital/hl7v2/er7/message.hpp"
#include "fhir/base/time_zone.hpp"

namespace adapters::hospital::hl7v2::ack {

/// HL7 table 0008. kCommitAccept… belong to enhanced mode.
enum class Code : std::uint8_t { kAA, kAE, kAR, kCA, kCE, kCR };

std::string_view Name(Code code);
std::optional<Code> FindCode(std::string_view name);

struct Answer {
  Code code = Code::kAA;
  std::vector<er7::Fault> faults;  ///< one ERR each, at most 20
  std::int64_t now_us = 0;         ///< MSH-7 and MSH-10 of the acknowledgement
  const fhir::TimeZone* zone = nullptr;
  bool asks_acceptance = false;            ///< it is sent on its own: MSH-15 AL and MSH-16 NE ask for a CA alone
  std::string application = "PASSERELLE";  ///< used when the message does not name its receiver
};

/// The acknowledgement in the message's own delimiters, version and character set (ASCII texts only, so any single-byte
/// set or UTF-8 fits). Shape: without MLLP frame bytes.
std::string Build(const er7::Header& header, const Answer& answer);

/// What an acknowledgement from the other side says.
struct Received {
  Code code = Code::kAR;
  std::string control_id;  ///< MSA-2
  std::string condition;   ///< ERR-3.1 of the first ERR, e.g. "207"
  std::string place;       ///< ERR-2 of the first ERR, e.g. "PID-3"
};
/// Errors: kMalformed when there is no MSA with a known code.
fhir::Result<Received> Read(std::string_view raw);

}  // namespace adapters::hospital::hl7v2::ack
