// SHA-1, for attachments (FHIR asks for it) and for ids derived from a source's keys. Not for security.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace adapters::mapping {

/// Source: FIPS 180-4, section 6.1.  Cost: one pass.
std::array<std::uint8_t, 20> Sha1(std::string_view bytes);

/// The digest written as a UUID of version 5 (RFC 9562, section 5.5): the same text gives the same id on every node.
std::string DigestUuid(std::string_view text);

}  // namespace adapters::mapping
