// Hashes and keyed hashes, by OpenSSL.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "fhir/base/error.hpp"

namespace gateway::access::crypto {

using Sha256Digest = std::array<std::uint8_t, 32>;

/// Errors: kInternal when the library refuses. Source: FIPS 180-4.
fhir::Result<Sha256Digest> Sha256(std::string_view bytes);

/// Errors: kInternal when the library refuses. Source: RFC 2104.
fhir::Result<Sha256Digest> HmacSha256(std::string_view key, std::string_view bytes);

}  // namespace gateway::access::crypto
