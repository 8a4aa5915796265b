#include "gateway/store/outbox_store.hpp"

#include <algorithm>

namespace gateway::store {
namespace {

using adapters::port::OutboxEntry;
using adapters::port::OutboxState;

constexpr int kOutboxListMax = 1000;
constexpr std::size_t kOutboxTextBytesMax = 4000;  // of a reason or an answer

constexpr pg::Statement kClaimOutbox{"claim_outbox", R"sql(
UPDATE outbox o SET lease_until = now() + $1::int * interval '1 millisecond'
  FROM (SELECT bucket, id FROM outbox w
         WHERE state = 'waiting' AND due_at <= now() AND (lease_until IS NULL OR lease_until <= now())
           AND destination <> ALL ($3::text[])
           AND NOT EXISTS (SELECT 1 FROM outbox e
                            WHERE e.bucket = w.bucket AND e.destination = w.destination AND e.order_key = w.order_key
                              AND e.state = 'waiting' AND e.id < w.id)
         ORDER BY due_at LIMIT $2::int FOR UPDATE SKIP LOCKED) c
 WHERE o.bucket = c.bucket AND o.id = c.id
RETURNING o.id, o.destination, o.kind, o.order_key, o.cause, o.attempts, o.payload)sql"};

constexpr pg::Statement kDeliverOutbox{"deliver_outbox", R"sql(
UPDATE outbox SET state = 'delivered', finished_at = now(), lease_until = NULL, attempts = attempts + 1,
                  answer = $2::bytea
 WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint AND state = 'waiting')sql"};

constexpr pg::Statement kRetryOutbox{"retry_outbox", R"sql(
UPDATE outbox SET due_at = now() + $2::int * interval '1 millisecond', lease_until = NULL, attempts = attempts + 1,
                  last_reason = $3::text
 WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint AND state = 'waiting')sql"};

constexpr pg::Statement kBuryOutbox{"bury_outbox", R"sql(
UPDATE outbox SET state = 'dead', finished_at = now(), lease_until = NULL, attempts = attempts + 1,
                  last_reason = $2::text
 WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint AND state = 'waiting')sql"};

constexpr pg::Statement kReplayOutbox{"replay_outbox", R"sql(
UPDATE outbox SET state = 'waiting', finished_at = NULL, attempts = CASE WHEN state = 'dead' THEN 0 ELSE attempts END,
                  due_at = now()
 WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint AND state IN ('dead', 'waiting'))sql"};

constexpr pg::Statement kListOutbox{"list_outbox", R"sql(
SELECT id, destination, kind, order_key, cause, attempts, ''::bytea, state, created_at, due_at, finished_at,
       last_reason, answer
  FROM outbox
 WHERE ($1::text IS NULL OR state = $1::text) AND ($2::text IS NULL OR destination = $2::text)
   AND ($3::bigint IS NULL OR id < $3::bigint)
 ORDER BY id DESC LIMIT $4::int)sql"};

constexpr pg::Statement kShowOutbox{"show_outbox", R"sql(
SELECT id, destination, kind, order_key, cause, attempts, payload, state, created_at, due_at, finished_at, last_reason,
       answer
  FROM outbox WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint)sql"};

constexpr pg::Statement kCountOutbox{"count_outbox", R"sql(
SELECT count(*) FILTER (WHERE state = 'waiting'), count(*) FILTER (WHERE state = 'delivered'),
       count(*) FILTER (WHERE state = 'dead'), min(created_at) FILTER (WHERE state = 'waiting')
  FROM outbox)sql"};

constexpr pg::Statement kCountOutboxBacklog{"count_outbox_backlog", R"sql(
SELECT w.waiting, (SELECT count(*) FROM outbox WHERE state = 'dead'), w.oldest
  FROM (SELECT count(*) AS waiting, min(created_at) AS oldest FROM outbox WHERE state = 'waiting') AS w)sql"};

std::string_view OutboxStateName(OutboxState state) {
  switch (state) {
    case OutboxState::kWaiting:
      return "waiting";
    case OutboxState::kDelivered:
      return "delivered";
    case OutboxState::kDead:
      return "dead";
  }
  return "waiting";
}

OutboxEntry OutboxEntryOf(const pg::Row& row) {
  return OutboxEntry{.id = row.Int(0),
                     .message = {.destination = row.String(1),
                                 .kind = row.String(2),
                                 .order_key = row.String(3),
                                 .payload = row.String(6),
                                 .cause = row.String(4)},
                     .attempts = static_cast<int>(row.Int(5))};
}

OutboxRecord OutboxRecordOf(const pg::Row& row) {
  OutboxRecord record;
  record.entry = OutboxEntryOf(row);
  const std::string_view state = row.Text(7);
  record.state = state == "dead"        ? OutboxState::kDead
                 : state == "delivered" ? OutboxState::kDelivered
                                        : OutboxState::kWaiting;
  record.created_us = row.TimestampUs(8);
  record.due_us = row.TimestampUs(9);
  record.finished_us = row.TimestampUs(10);
  record.last_reason = row.Text(11);
  record.answer = row.Bytes(12);
  return record;
}

/// A reason is a text of ours, in ASCII as far as codes go; cut so that no character is split.
std::string_view CutReason(std::string_view text) {
  if (text.size() <= kOutboxTextBytesMax) {
    return text;
  }
  std::size_t end = kOutboxTextBytesMax;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) {
    --end;
  }
  return text.substr(0, end);
}

}  // namespace

fhir::Result<std::vector<OutboxEntry>> OutboxStore::Claim(int lease_ms, int entries_max) {
  return ClaimExcept(lease_ms, entries_max, {});
}

fhir::Result<std::vector<OutboxEntry>> OutboxStore::ClaimExcept(int lease_ms, int entries_max,
                                                                std::span<const std::string> destinations_left_out) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(
      const pg::Rows rows,
      connection->Execute(
          kClaimOutbox, pg::Parameters().Int(lease_ms).Int(entries_max).Add(pg::Array::Texts(destinations_left_out))));
  std::vector<OutboxEntry> entries;
  entries.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    entries.push_back(OutboxEntryOf(rows[i]));
  }
  return entries;
}

fhir::Result<void> OutboxStore::End(const pg::Statement& statement, const pg::Parameters& parameters) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(statement, parameters));
  if (rows.affected() == 0) {
    return fhir::Fail(fhir::ErrorCode::kConflict, "The entry does not wait any more, or does not exist.");
  }
  return {};
}

fhir::Result<void> OutboxStore::Delivered(std::int64_t id, std::string_view answer) {
  return End(kDeliverOutbox, pg::Parameters().Int(id).Bytes(answer.substr(0, kOutboxTextBytesMax)));
}

fhir::Result<void> OutboxStore::Retry(std::int64_t id, int delay_ms, std::string_view reason) {
  return End(kRetryOutbox, pg::Parameters().Int(id).Int(delay_ms).Text(CutReason(reason)));
}

fhir::Result<void> OutboxStore::Dead(std::int64_t id, std::string_view reason) {
  return End(kBuryOutbox, pg::Parameters().Int(id).Text(CutReason(reason)));
}

fhir::Result<void> OutboxStore::Replay(std::int64_t id) {
  auto replayed = End(kReplayOutbox, pg::Parameters().Int(id));
  if (!replayed && replayed.error().code == fhir::ErrorCode::kConflict) {
    GW_TRY(Show(id));
  }
  return replayed;
}

fhir::Result<std::vector<OutboxRecord>> OutboxStore::List(const OutboxFilter& filter) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  pg::Parameters parameters;
  parameters.TextOrNull(filter.state ? OutboxStateName(*filter.state) : "").TextOrNull(filter.destination);
  parameters.IntOrNull(filter.before_id).Int(std::clamp(filter.count, 1, kOutboxListMax));
  // Planned each time, so that the conditions which are not asked for disappear.
  GW_ASSIGN(const pg::Rows rows, connection->ExecuteAdHoc(kListOutbox.name, kListOutbox.sql, parameters));
  std::vector<OutboxRecord> records;
  records.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    records.push_back(OutboxRecordOf(rows[i]));
  }
  return records;
}

fhir::Result<OutboxRecord> OutboxStore::Show(std::int64_t id) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kShowOutbox, pg::Parameters().Int(id)));
  if (rows.empty()) {
    return fhir::Fail(fhir::ErrorCode::kNotFound, "There is no such entry in the outbox.");
  }
  return OutboxRecordOf(rows[0]);
}

fhir::Result<OutboxCounts> OutboxStore::Count() {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kCountOutbox));
  return OutboxCounts{.waiting = rows[0].Int(0),
                      .delivered = rows[0].Int(1),
                      .dead = rows[0].Int(2),
                      .oldest_waiting_us = rows[0].TimestampUs(3)};
}

fhir::Result<OutboxBacklog> OutboxStore::CountBacklog() {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kCountOutboxBacklog));
  return OutboxBacklog{.waiting = rows[0].Int(0), .dead = rows[0].Int(1), .oldest_waiting_us = rows[0].TimestampUs(2)};
}

}  // namespace gateway::store
