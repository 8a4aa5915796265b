// Delivers outbox entries of kind "rest-hook": PUT <url>/<type>/<id> with the resource as JSON (DELETE when the
// resource is gone), as a FHIR R4 rest-hook
// subscription with a payload does (https://hl7.org/fhir/R4/subscription.html#channels).
#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "adapters/port/journal.hpp"

namespace adapters::platform {

struct RestHookDestination {
  std::string url;           ///< base, "https://platform.example/fhir"; http is meant for loopback
  std::string bearer_token;  ///< sent as Authorization when not empty
  std::string ca_file;       ///< for https: trust anchors; "" for the system's
  int connect_timeout_ms = 5'000;
  int answer_timeout_ms = 10'000;
};

/// 2xx is delivered; 408, 429 and 5xx and connection failures are kLater; other statuses are kPeerRefused for good.
/// Each delivery carries `Idempotency-Key: outbox-<id>`, so that a peer can tell a repeat. thread-safe.
class RestHookSender final : public port::Sender {
 public:
  explicit RestHookSender(std::unordered_map<std::string, RestHookDestination> destinations)
      : destinations_(std::move(destinations)) {}
  std::string_view kind() const override { return "rest-hook"; }
  fhir::Result<std::string> Send(const port::OutboxEntry& entry) override;

 private:
  std::unordered_map<std::string, RestHookDestination> destinations_;
};

}  // namespace adapters::platform
