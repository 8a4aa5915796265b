// The place where a page ended, as opaque text in the next link. A keyed hash keeps clients from making their own, and
// a fingerprint of the statement keeps a cursor from being used with another query or by another party.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "fhir/base/error.hpp"
#include "gateway/store/search_sql/sql_text.hpp"

namespace gateway::store::search_sql {

/// Secret of the installation, equal on all nodes.
using CursorKey = std::array<std::uint8_t, 16>;

/// The last row of a page.
struct Position {
  std::vector<std::optional<std::string>> keys;  ///< a value per sort key, unset where the resource has none
  std::string id;
};

/// A number for the statement a cursor belongs to: its text and values before any position is added.
std::uint64_t Fingerprint(const SqlText& sql);

/// base64url without padding.
std::string WriteCursor(const Position& position, std::uint64_t fingerprint, const CursorKey& key);

/// Errors: kInvalid for text that WriteCursor did not make with the same key and fingerprint.
fhir::Result<Position> ReadCursor(std::string_view text, std::uint64_t fingerprint, const CursorKey& key);

/// SipHash-2-4. Source: https://www.aumasson.jp/siphash/siphash.pdf
std::uint64_t SipHash(std::string_view bytes, const CursorKey& key);

}  // namespace gateway::store::search_sql
