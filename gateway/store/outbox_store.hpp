// Messages for others, in PostgreSQL: table outbox. Units of work insert into it by kInsertOutbox.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "adapters/port/journal.hpp"
#include "gateway/store/pg/pool.hpp"

namespace gateway::store {

/// An entry with its story, for people.
struct OutboxRecord {
  adapters::port::OutboxEntry entry;  ///< the payload is filled by Show alone
  adapters::port::OutboxState state = adapters::port::OutboxState::kWaiting;
  std::int64_t created_us = 0;
  std::int64_t due_us = 0;
  std::int64_t finished_us = 0;  ///< 0 while waiting
  std::string last_reason;
  std::string answer;
};

struct OutboxFilter {
  std::optional<adapters::port::OutboxState> state;
  std::string destination;
  std::optional<std::int64_t> before_id;  ///< keyset: entries with a smaller id
  int count = 50;
};

struct OutboxCounts {
  std::int64_t waiting = 0;
  std::int64_t delivered = 0;
  std::int64_t dead = 0;
  std::int64_t oldest_waiting_us = 0;  ///< creation of the oldest that waits; 0: none
};

/// What asks for attention.
struct OutboxBacklog {
  std::int64_t waiting = 0;
  std::int64_t dead = 0;
  std::int64_t oldest_waiting_us = 0;  ///< creation of the oldest that waits; 0: none
};

/// thread-safe. Only the first waiting entry of each (destination, order key) is ever claimed, due or not; a dead one
/// lets the next go.
class OutboxStore final : public adapters::port::Outbox {
 public:
  explicit OutboxStore(pg::Pool& pool) : pool_(pool) {}

  fhir::Result<std::vector<adapters::port::OutboxEntry>> Claim(int lease_ms, int entries_max) override;
  fhir::Result<std::vector<adapters::port::OutboxEntry>> ClaimExcept(
      int lease_ms, int entries_max, std::span<const std::string> destinations_left_out) override;
  /// The next three end a claim. Errors: kConflict when the entry does not wait any more.
  fhir::Result<void> Delivered(std::int64_t id, std::string_view answer) override;
  fhir::Result<void> Retry(std::int64_t id, int delay_ms, std::string_view reason) override;
  fhir::Result<void> Dead(std::int64_t id, std::string_view reason) override;
  /// Errors: kNotFound; kConflict when it has been delivered. A waiting entry becomes due at once.
  fhir::Result<void> Replay(std::int64_t id) override;

  fhir::Result<std::vector<OutboxRecord>> List(const OutboxFilter& filter);
  fhir::Result<OutboxRecord> Show(std::int64_t id);
  /// Cost: reads every entry; for people.
  fhir::Result<OutboxCounts> Count();
  /// Cost: reads partial indexes alone, however many entries have been delivered.
  fhir::Result<OutboxBacklog> CountBacklog();

 private:
  fhir::Result<void> End(const pg::Statement& statement, const pg::Parameters& parameters);

  pg::Pool& pool_;
};

}  // namespace gateway::store
