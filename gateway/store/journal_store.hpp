// The journal of inbound messages in PostgreSQL: tables message, message_chunk and message_key.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "adapters/port/journal.hpp"
#include "gateway/store/pg/pool.hpp"

namespace gateway::store {

struct JournalLimits {
  std::size_t raw_bytes_max = 256u * 1024 * 1024;
  std::size_t chunk_bytes = 1024 * 1024;  ///< larger messages are stored in rows of this size
  int repeat_horizon_days = 30;           ///< repeats are recognised for at least this long
  int list_entries_max = 1000;
};

/// How many messages stand in each state; together they are all that were ever received.
struct JournalCounts {
  std::int64_t waiting = 0;
  std::int64_t committed = 0;
  std::int64_t ignored = 0;
  std::int64_t refused = 0;
  std::int64_t parked = 0;
  std::int64_t discarded = 0;
  std::int64_t keys = 0;  ///< rows by which repeats are recognised
};

/// What asks for attention.
struct JournalBacklog {
  std::int64_t waiting = 0;
  std::int64_t refused = 0;
  std::int64_t parked = 0;
  std::int64_t holding = 0;            ///< refused ones that hold later messages of their patients
  std::int64_t oldest_waiting_us = 0;  ///< receipt of the oldest that waits; 0: none
};

/// thread-safe. A repeat has the partner, control id and bytes of an earlier message; the same control id with other
/// bytes is a message of its own. The repeat of a refused message is taken up again, as if received for the first time:
/// its entry goes back to kReceived and ReceiveResult::repeated is false. Messages of one partner and patient are
/// claimed, committed and refused in the order of their ids.
class JournalStore final : public adapters::port::Journal {
 public:
  explicit JournalStore(pg::Pool& pool, JournalLimits limits = {}) : pool_(pool), limits_(limits) {}

  /// Cost: one statement, one commit; a repeat or a message beyond the chunk size takes more.
  /// Errors: kTooLarge; those of the database.
  fhir::Result<adapters::port::ReceiveResult> Receive(const adapters::port::InboundMessage& message) override;
  fhir::Result<adapters::port::JournalEntry> Get(std::int64_t id) override;
  fhir::Result<std::vector<adapters::port::JournalEntry>> List(const adapters::port::JournalFilter& filter) override;
  fhir::Result<adapters::port::FoundText> FindText(const adapters::port::JournalFilter& filter,
                                                   std::span<const std::string> texts, int time_ms_max) override;
  fhir::Result<adapters::port::JournalCheck> Check() override;
  fhir::Result<std::vector<adapters::port::JournalEntry>> ClaimUnfinished(int lease_ms, int entries_max) override;
  fhir::Result<void> Postpone(std::int64_t id, int delay_ms) override;
  fhir::Result<std::optional<adapters::port::OpenMessage>> Before(std::int64_t id) override;
  fhir::Result<std::int64_t> ParkBehind(std::int64_t holder) override;
  fhir::Result<std::int64_t> Release(int entries_max) override;
  /// Errors: kNotFound; kConflict for a committed entry, whose facts may be older than what is stored, and for a
  /// discarded one. An entry that is waiting becomes claimable at once.
  fhir::Result<void> Replay(std::int64_t id) override;
  fhir::Result<void> Discard(std::int64_t id) override;

  /// Cost: reads every message; for people.
  fhir::Result<JournalCounts> Count();
  /// Cost: reads partial indexes alone, however many messages have been committed.
  fhir::Result<JournalBacklog> CountBacklog();
  /// Forgets at most `keys_max` keys whose horizon has passed; returns how many.
  fhir::Result<std::int64_t> SweepKeys(int keys_max);

 private:
  fhir::Result<adapters::port::ReceiveResult> ReceiveChunks(pg::Connection& connection,
                                                            const adapters::port::InboundMessage& message,
                                                            std::int64_t bucket, const std::string& sha256);
  fhir::Result<adapters::port::ReceiveResult> Repeat(pg::Connection& connection,
                                                     const adapters::port::InboundMessage& message, std::int64_t bucket,
                                                     const std::string& sha256);
  fhir::Result<void> ReadRaw(pg::Connection& connection, const pg::Row& row, adapters::port::JournalEntry& entry) const;

  pg::Pool& pool_;
  const JournalLimits limits_;
};

}  // namespace gateway::store
