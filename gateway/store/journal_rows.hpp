// Rows of the journal as entries. Private to the journal's store.
#pragma once

#include <cstdint>
#include <string_view>

#include "adapters/port/journal.hpp"
#include "gateway/store/pg/rows.hpp"

namespace gateway::store {

/// The first kEntryColumns columns of a row, in this order: id, partner, channel, control_id, type, state, received_at,
/// finished_at, ack, error_code, error_place, attempts, holds, held_by, reused_id.
adapters::port::JournalEntry EntryOf(const pg::Row& row);
inline constexpr int kEntryColumns = 15;
/// What may follow them: encoding, raw_bytes, raw.
inline constexpr int kEncodingColumn = kEntryColumns;

/// A patient, "system|value", by 64 bits of a hash: two that collide merely wait for each other. The value is stored.
std::int64_t LaneOf(std::string_view patient);

}  // namespace gateway::store
