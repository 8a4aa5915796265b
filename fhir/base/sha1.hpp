// SHA-1, which FHIR's Attachment.hash uses. It finds damage, not forgery: nothing that guards anything may rest on it.
// Source: https://www.rfc-editor.org/rfc/rfc3174
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fhir {

using Sha1Digest = std::array<std::uint8_t, 20>;

/// Cost: one pass, no allocation.
Sha1Digest Sha1(std::string_view bytes);

}  // namespace fhir
