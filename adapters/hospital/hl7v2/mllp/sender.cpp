#include "adapters/hospital/hl7v2/mllp/sender.hpp"

#include <fmt/format.h>

#include "adapters/hospital/hl7v2/ack/ack.hpp"

namespace adapters::hospital::hl7v2::mllp {

Sender::Sender(std::map<std::string, ClientOptions> destinations) {
  for (auto& [name, options] : destinations) {
    lines_.emplace(name, std::make_unique<Line>(std::move(options)));
  }
}

Sender::~Sender() = default;

fhir::Result<std::string> Sender::Send(const port::OutboxEntry& entry) {
  const auto line = lines_.find(entry.message.destination);
  if (line == lines_.end()) {
    return fhir::Fail(fhir::ErrorCode::kConfiguration,
                      fmt::format("there is no MLLP destination '{}'", entry.message.destination));
  }
  const std::lock_guard lock(line->second->mutex);
  GW_ASSIGN(auto answer, line->second->client.Exchange(entry.message.payload));
  GW_ASSIGN(const auto received, ack::Read(answer));
  if (received.code == ack::Code::kAA || received.code == ack::Code::kCA) {
    return std::string(ack::Name(received.code));
  }
  return fhir::Fail(fhir::ErrorCode::kPeerRefused,
                    fmt::format("the receiver answered {}{}{}{}{}", ack::Name(received.code),
                                received.condition.empty() ? "" : ", condition ", received.condition,
                                received.place.empty() ? "" : " at ", received.place));
}

}  // namespace adapters::hospital::hl7v2::mllp
