// Dates of HTTP header fields. Source: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.7
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace gateway::rest {

/// "Sun, 06 Nov 1994 08:49:37 GMT" from microseconds since 1970 UTC; the fraction of a second is cut.
std::string FormatHttpDate(std::int64_t us);

/// Seconds since 1970 UTC; nullopt for anything but the preferred form (RFC 9110 lets a recipient ignore the rest).
std::optional<std::int64_t> ParseHttpDate(std::string_view text);

}  // namespace gateway::rest
