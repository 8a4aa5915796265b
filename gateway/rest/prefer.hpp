// The Prefer header. Source: https://hl7.org/fhir/R4/http.html#ops, https://www.rfc-editor.org/rfc/rfc7240
#pragma once

#include <cstdint>
#include <optional>

#include "gateway/http/message.hpp"

namespace gateway::rest {

enum class PreferReturn : std::uint8_t { kRepresentation, kMinimal, kOperationOutcome };

struct Preferences {
  std::optional<PreferReturn> result;  ///< unset: the interaction decides (representation; minimal in transactions)
  /// handling=strict or lenient; unset: the server's own setting.
  std::optional<bool> lenient;
  bool respond_async = false;
};

/// Preferences that are not known are ignored, as RFC 7240 asks.
Preferences ReadPreferences(const http::Request& request);

}  // namespace gateway::rest
