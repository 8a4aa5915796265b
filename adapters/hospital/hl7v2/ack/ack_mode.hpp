// Which acknowledgements a message asks for: original mode, or enhanced mode by MSH-15 and MSH-16.
// Source: HL7 v2.5.1, sections 2.9.2, 2.9.3 and 2.15.9.15; HL7 table 0155.
#pragma once

#include <cstdint>

#include "adapters/hospital/hl7v2/er7/message.hpp"

namespace adapters::hospital::hl7v2::ack {

/// HL7 table 0155: AL, NE, ER, SU.
enum class When : std::uint8_t { kAlways, kNever, kOnError, kOnSuccess };

struct AckMode {
  /// False: one acknowledgement, AA, AE or AR, when the message has been worked on. True: CA once its bytes are
  /// durable, and what became of it later.
  bool enhanced = false;
  When accept = When::kAlways;      ///< MSH-15: CA, CE, CR
  When application = When::kNever;  ///< MSH-16: AA, AE, AR
};

/// Enhanced mode when one of the two fields is valued; an empty one beside it says never, an unknown code always.
AckMode ModeOf(const er7::Header& header);

bool Wants(When when, bool success);

}  // namespace adapters::hospital::hl7v2::ack
