// Ids derived from a source's keys. Not for security.
#pragma once

#include <string>
#include <string_view>

namespace adapters::mapping {

/// The SHA-1 of a text as a UUID of version 5 (RFC 9562, section 5.5): the same text gives the same id on every node.
std::string DigestUuid(std::string_view text);

}  // namespace adapters::mapping
