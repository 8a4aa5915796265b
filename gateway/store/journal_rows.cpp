#include "gateway/store/journal_rows.hpp"

#include <string>

#include "gateway/store/journal_statements.hpp"
#include "gateway/store/sha256.hpp"

namespace gateway::store {
namespace {

using adapters::port::MessageState;

MessageState StateOf(std::string_view name) {
  for (const MessageState state : {MessageState::kCommitted, MessageState::kIgnored, MessageState::kRefused,
                                   MessageState::kParked, MessageState::kDiscarded}) {
    if (StateName(state) == name) {
      return state;
    }
  }
  return MessageState::kReceived;
}

}  // namespace

adapters::port::JournalEntry EntryOf(const pg::Row& row) {
  adapters::port::JournalEntry entry;
  entry.id = row.Int(0);
  entry.partner = row.Text(1);
  entry.channel = row.Text(2);
  entry.control_id = row.Text(3);
  entry.type = row.Text(4);
  entry.state = StateOf(row.Text(5));
  entry.received_us = row.TimestampUs(6);
  entry.finished_us = row.TimestampUs(7);
  entry.ack = row.Bytes(8);
  entry.error_code = row.Text(9);
  entry.error_place = row.Text(10);
  entry.attempts = static_cast<int>(row.Int(11));
  entry.holds = row.Bool(12);
  entry.held_by = row.Int(13);
  entry.reused_id = row.Bool(14);
  return entry;
}

std::int64_t LaneOf(std::string_view patient) {
  const std::string digest = Sha256(patient);
  std::uint64_t lane = 0;
  for (std::size_t i = 0; i < 8; ++i) {
    lane = lane << 8 | static_cast<unsigned char>(digest[i]);
  }
  return static_cast<std::int64_t>(lane);
}

}  // namespace gateway::store
