// What is wrong with a message, in the words of an acknowledgement: where (ERR-2), which condition (ERR-3), what.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace adapters::hospital::hl7v2::er7 {

/// HL7 table 0357, the conditions in use. Source: HL7 v2.5.1, section 2.15.5.
enum class Condition : std::uint16_t {
  kAccepted = 0,
  kSegmentSequence = 100,
  kRequiredFieldMissing = 101,
  kDataType = 102,
  kTableValueNotFound = 103,
  kUnsupportedMessageType = 200,
  kUnsupportedEvent = 201,
  kUnsupportedProcessingId = 202,
  kUnsupportedVersion = 203,
  kUnknownKey = 204,
  kDuplicateKey = 205,
  kRecordLocked = 206,
  kInternal = 207,
};

/// A place as ERR-2 (data type ERL) writes it, 1-based; 0: not said.
struct Location {
  std::string segment;
  int sequence = 0;
  int field = 0;
  int repetition = 0;
  int component = 0;
  int subcomponent = 0;
};

/// "PID[2]-3[2].4.1" ↔ Location. An unreadable place gives an empty Location.
Location ParsePlace(std::string_view place);
/// Occurrence and repetition 1 are left out: "PID-7".
std::string ToPlace(const Location& location);

/// One reason to refuse a message. `text` never holds a value of the message.
struct Fault {
  bool reject = false;  ///< AR: sending the same again cannot help and the content was not looked at; else AE
  Condition condition = Condition::kInternal;
  Location location;
  std::string text;
};

}  // namespace adapters::hospital::hl7v2::er7
