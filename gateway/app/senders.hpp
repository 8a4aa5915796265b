// Destinations of the configuration as what the outbox's senders and the reactions need.
#pragma once

#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "adapters/hospital/forwarding/document_forwarding.hpp"
#include "adapters/hospital/hl7v2/messages/outbound_messages.hpp"
#include "adapters/hospital/hl7v2/mllp/client.hpp"
#include "adapters/hospital/identity/identity_corrections.hpp"
#include "adapters/platform/notification.hpp"
#include "adapters/platform/rest_hook_sender.hpp"
#include "fhir/base/error.hpp"
#include "gateway/settings/settings.hpp"

namespace gateway::app {

struct Destinations {
  std::map<std::string, adapters::hospital::hl7v2::mllp::ClientOptions> mllp;
  std::unordered_map<std::string, adapters::platform::RestHookDestination> rest_hooks;
  std::vector<adapters::platform::NotificationRoute> appointments;
  std::vector<adapters::hospital::hl7v2::messages::OutboundRoute> messages;
  adapters::hospital::forwarding::Channels forwarding;
  std::vector<adapters::hospital::identity::IdentityAuthority>
      identities;  ///< every hospital, with its patients' system
};

/// Errors: kConfiguration for addresses, token files, character sets and zones that cannot be used.
fhir::Result<Destinations> ReadDestinations(const settings::Settings& settings);

}  // namespace gateway::app
