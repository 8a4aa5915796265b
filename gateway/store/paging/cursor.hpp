// The place of a page in a walk, as opaque text in a link: the snapshot of the first page and the row where this page
// begins or ends. Stateless: whoever has the key reads it. Sealed, so that no value of a sort key shows in a URL; bound
// to the query and the party, so that it fits no other.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fhir/base/error.hpp"
#include "gateway/store/paging/key_ring.hpp"
#include "gateway/store/search_sql/position.hpp"
#include "gateway/store/search_sql/snapshot.hpp"

namespace gateway::store::paging {

struct Cursor {
  search_sql::Snapshot snapshot;                 ///< of the first page
  std::int64_t begun_us = 0;                     ///< when the first page was asked for
  std::optional<std::int64_t> total;             ///< as the first page said it
  std::optional<search_sql::Position> position;  ///< unset: the first page again
  search_sql::Direction direction = search_sql::Direction::kAfter;

  bool operator==(const Cursor&) const = default;
};

/// What a cursor is good for.
struct CursorUse {
  std::string_view fingerprint;  ///< of the query
  std::string_view party;
};

/// base64url without padding. Errors: kInternal.
fhir::Result<std::string> WriteCursor(const Cursor& cursor, const CursorUse& use, const KeyRing& keys);

/// Errors: kMalformed for text that WriteCursor did not make with a key of the ring for the same use; kGone for a walk
/// begun more than `lifetime_ms` before `now_us`.
fhir::Result<Cursor> ReadCursor(std::string_view text, const CursorUse& use, KeyRing& keys, std::int64_t now_us,
                                std::int64_t lifetime_ms);

/// kGone, with the words for a client whose walk is too old.
std::unexpected<fhir::Error> CursorExpired();

}  // namespace gateway::store::paging
