#include "adapters/hospital/hl7v2/ack/ack_mode.hpp"

#include <string_view>

namespace adapters::hospital::hl7v2::ack {
namespace {

When WhenOf(std::string_view code) {
  if (code.empty() || code == "NE") {
    return When::kNever;
  }
  return code == "ER" ? When::kOnError : code == "SU" ? When::kOnSuccess : When::kAlways;
}

}  // namespace

AckMode ModeOf(const er7::Header& header) {
  AckMode mode;
  if (!header.accept_ack.empty() || !header.application_ack.empty()) {
    mode.enhanced = true;
    mode.accept = WhenOf(header.accept_ack);
    mode.application = WhenOf(header.application_ack);
  }
  return mode;
}

bool Wants(When when, bool success) {
  return when == When::kAlways || when == (success ? When::kOnSuccess : When::kOnError);
}

}  // namespace adapters::hospital::hl7v2::ack
