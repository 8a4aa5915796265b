// Bytes that go out in a link and come back: readable by nobody, and refused when anything about them changed.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"

namespace gateway::store::paging {

using CipherKey = std::array<std::uint8_t, 32>;
/// The first bytes of the key's SHA-256: tells which key sealed something, and nothing about it.
using KeyId = std::array<std::uint8_t, 4>;

KeyId IdOf(const CipherKey& key);

/// From the system's random source. Errors: kInternal.
fhir::Result<CipherKey> NewCipherKey();

/// AES-256-GCM: a nonce, the ciphertext, a tag. `bound` is not contained, but Open must be given the same.
/// Random nonces of 96 bits: one in 2^32 that two are equal after 2^32 links under one key, which a key of the database
/// does not live to see. Errors: kInternal. Source: NIST SP 800-38D.
fhir::Result<std::string> Seal(std::string_view plain, std::string_view bound, const CipherKey& key);

/// nullopt for bytes that Seal did not make with the same key and `bound`.
std::optional<std::string> Open(std::string_view sealed, std::string_view bound, const CipherKey& key);

}  // namespace gateway::store::paging
