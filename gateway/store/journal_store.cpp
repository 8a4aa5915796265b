#include "gateway/store/journal_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "gateway/store/compression.hpp"
#include "gateway/store/journal_rows.hpp"
#include "gateway/store/journal_statements.hpp"
#include "gateway/store/pg/transaction.hpp"
#include "gateway/store/sha256.hpp"

namespace gateway::store {
namespace {

using adapters::port::InboundMessage;
using adapters::port::JournalEntry;
using adapters::port::MessageState;
using adapters::port::ReceiveResult;

// The key and the message in one statement: whoever inserts the key first owns the message. No row: a repeat.
constexpr pg::Statement kReceiveMessage{"receive_message", R"sql(
WITH key AS (
  INSERT INTO message_key (bucket, partner, control_id, sha256, message_id, horizon_at)
  VALUES ($1::smallint, $2::text, $3::text, $4::bytea, nextval('message_number') * 256 + $1::smallint,
          now() + $5::int * interval '1 day')
  ON CONFLICT (bucket, partner, control_id, sha256) DO NOTHING
  RETURNING message_id
)
INSERT INTO message (bucket, id, partner, channel, control_id, type, sha256, raw_bytes, lane, second_lane, lease_until,
                     encoding, raw, reused_id)
SELECT $1::smallint, key.message_id, $2::text, $6::text, $3::text, $7::text, $4::bytea, $8::bigint, $9::bigint,
       $10::bigint, now() + $11::int * interval '1 millisecond', $12::text, $13::bytea,
       $3::text <> '' AND EXISTS (SELECT 1 FROM message_key k
                                   WHERE k.bucket = $1::smallint AND k.partner = $2::text AND k.control_id = $3::text
                                     AND k.sha256 <> $4::bytea)
  FROM key
RETURNING id, received_at, reused_id,
          EXISTS (SELECT 1 FROM message e
                   WHERE e.lane IN ($9::bigint, $10::bigint) AND e.partner = $2::text AND e.holds)
          OR EXISTS (SELECT 1 FROM message e
                      WHERE e.second_lane IN ($9::bigint, $10::bigint) AND e.partner = $2::text
                        AND e.second_lane IS NOT NULL AND e.holds))sql"};

constexpr pg::Statement kInsertChunk{"insert_message_chunk", R"sql(
INSERT INTO message_chunk (bucket, message_id, number, encoding, data)
VALUES (($1::bigint & 255)::smallint, $1::bigint, $2::int, $3::text, $4::bytea))sql"};

constexpr pg::Statement kSelectChunks{"select_message_chunks", R"sql(
SELECT encoding, data FROM message_chunk
 WHERE bucket = ($1::bigint & 255)::smallint AND message_id = $1::bigint ORDER BY number)sql"};

constexpr pg::Statement kSelectOldChunks{"select_old_message_chunks", R"sql(
SELECT encoding, data FROM journal_chunk
 WHERE bucket = ($1::bigint & 255)::smallint AND message_id = $1::bigint ORDER BY number)sql"};

constexpr pg::Statement kSelectRepeat{"select_repeated_message", R"sql(
SELECT m.id, m.partner, m.channel, m.control_id, m.type, m.state, m.received_at, m.finished_at, m.ack, m.error_code,
       m.error_place, m.attempts, m.holds, m.held_by, m.reused_id
  FROM message_key k JOIN message m ON m.bucket = k.bucket AND m.id = k.message_id
 WHERE k.bucket = $1::smallint AND k.partner = $2::text AND k.control_id = $3::text AND k.sha256 = $4::bytea)sql"};

// Of a past month.
constexpr pg::Statement kSelectOldRepeat{"select_old_repeated_message", R"sql(
SELECT m.id, m.partner, m.channel, m.control_id, m.type, m.state, m.received_at, m.finished_at, m.ack, m.error_code,
       m.error_place, m.attempts, m.holds, m.held_by, m.reused_id
  FROM message_key k JOIN journal m ON m.bucket = k.bucket AND m.id = k.message_id
 WHERE k.bucket = $1::smallint AND k.partner = $2::text AND k.control_id = $3::text AND k.sha256 = $4::bytea)sql"};

// $2: whether only a refused message is taken up again, or any that ended without changing anything. $3: for how many
// milliseconds nobody else takes it. It goes on holding others until it has ended anew.
constexpr pg::Statement kReopenMessage{"reopen_message", R"sql(
UPDATE message
   SET state = 'received', finished_at = NULL, lease_until = now() + $3::int * interval '1 millisecond', ack = NULL,
       error_code = '', error_place = '', held_by = NULL, attempts = 0
 WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint
   AND (state = 'refused' OR (NOT $2::bool AND (state IN ('ignored', 'parked') OR (state = 'received' AND attempts > 0))))
RETURNING id)sql"};

constexpr pg::Statement kSelectMessage{"select_message", R"sql(
SELECT id, partner, channel, control_id, type, state, received_at, finished_at, ack, error_code, error_place, attempts,
       holds, held_by, reused_id, encoding, raw_bytes, raw
  FROM message WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint)sql"};

constexpr pg::Statement kSelectOldMessage{"select_old_message", R"sql(
SELECT id, partner, channel, control_id, type, state, received_at, finished_at, ack, error_code, error_place, attempts,
       holds, held_by, reused_id, encoding, raw_bytes, raw
  FROM journal WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint)sql"};

// Out of the table of a past month back among those that are worked on: what is open is there alone.
constexpr pg::Statement kRecallChunks{"recall_message_chunks", R"sql(
WITH gone AS (
  DELETE FROM journal_chunk WHERE bucket = ($1::bigint & 255)::smallint AND message_id = $1::bigint
                              AND tableoid <> 'message_chunk'::regclass RETURNING *
)
INSERT INTO message_chunk SELECT * FROM gone)sql"};
constexpr pg::Statement kRecallMessage{"recall_message", R"sql(
WITH gone AS (
  DELETE FROM journal WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint
                        AND tableoid <> 'message'::regclass AND state IN ('refused', 'ignored') RETURNING *
)
INSERT INTO message SELECT * FROM gone)sql"};

constexpr pg::Statement kClaimMessages{"claim_unfinished_messages", R"sql(
UPDATE message m SET lease_until = now() + $1::int * interval '1 millisecond'
  FROM (SELECT bucket, id FROM message w
         WHERE state = 'received' AND (lease_until IS NULL OR lease_until <= now())
           AND NOT EXISTS (SELECT 1 FROM message e
                            WHERE e.lane IN (w.lane, w.second_lane) AND e.id < w.id AND e.partner = w.partner
                              AND (e.state IN ('received', 'parked') OR e.holds))
           AND NOT EXISTS (SELECT 1 FROM message e
                            WHERE e.second_lane IN (w.lane, w.second_lane) AND e.id < w.id AND e.partner = w.partner
                              AND e.second_lane IS NOT NULL AND (e.state IN ('received', 'parked') OR e.holds))
         ORDER BY id LIMIT $2::int FOR UPDATE SKIP LOCKED) c
 WHERE m.bucket = c.bucket AND m.id = c.id
RETURNING m.id, m.partner, m.channel, m.control_id, m.type, m.state, m.received_at, m.finished_at, m.ack, m.error_code,
          m.error_place, m.attempts, m.holds, m.held_by, m.reused_id, m.encoding, m.raw_bytes, m.raw)sql"};

constexpr pg::Statement kPostponeMessage{"postpone_message", R"sql(
UPDATE message SET lease_until = now() + $2::int * interval '1 millisecond', attempts = attempts + 1
 WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint AND state = 'received')sql"};

constexpr pg::Statement kSelectBefore{"select_message_before", R"sql(
SELECT e.id, e.control_id, e.holds
  FROM message m JOIN message e
    ON e.partner = m.partner AND e.id < m.id AND (e.state IN ('received', 'parked') OR e.holds)
   AND (e.lane IN (m.lane, m.second_lane) OR (e.second_lane IS NOT NULL AND e.second_lane IN (m.lane, m.second_lane)))
 WHERE m.bucket = ($1::bigint & 255)::smallint AND m.id = $1::bigint
 ORDER BY e.holds DESC, e.id LIMIT 1)sql"};

constexpr pg::Statement kParkBehind{"park_messages_behind", R"sql(
UPDATE message m
   SET state = 'parked', finished_at = now(), lease_until = NULL, held_by = h.id, error_code = '206', error_place = ''
  FROM message h
 WHERE h.bucket = ($1::bigint & 255)::smallint AND h.id = $1::bigint AND h.holds
   AND m.partner = h.partner AND m.id > h.id AND m.state = 'received'
   AND (m.lease_until IS NULL OR m.lease_until <= now() OR m.attempts > 0)
   AND (m.lane IN (h.lane, h.second_lane)
        OR (m.second_lane IS NOT NULL AND m.second_lane IN (h.lane, h.second_lane))))sql"};

// Messages that were parked by older releases name nobody that holds them, and wait for a replay.
constexpr pg::Statement kReleaseMessages{"release_messages", R"sql(
UPDATE message m SET state = 'received', finished_at = NULL, lease_until = NULL, held_by = NULL
  FROM (SELECT bucket, id FROM message w
         WHERE state = 'parked' AND held_by IS NOT NULL
           AND NOT EXISTS (SELECT 1 FROM message e
                            WHERE e.lane IN (w.lane, w.second_lane) AND e.id < w.id AND e.partner = w.partner
                              AND e.holds)
           AND NOT EXISTS (SELECT 1 FROM message e
                            WHERE e.second_lane IN (w.lane, w.second_lane) AND e.id < w.id AND e.partner = w.partner
                              AND e.second_lane IS NOT NULL AND e.holds)
         ORDER BY id LIMIT $1::int FOR UPDATE SKIP LOCKED) c
 WHERE m.bucket = c.bucket AND m.id = c.id)sql"};

constexpr pg::Statement kDiscardMessage{"discard_message", R"sql(
UPDATE message SET state = 'discarded', finished_at = now(), lease_until = NULL, holds = false, held_by = NULL
 WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint
   AND (state IN ('refused', 'parked') OR (state = 'received' AND (lease_until IS NULL OR lease_until <= now()
                                                                   OR attempts > 0)))
RETURNING id)sql"};

constexpr pg::Statement kSweepKeys{"sweep_message_keys", R"sql(
DELETE FROM message_key WHERE ctid = ANY (ARRAY(
  SELECT ctid FROM message_key WHERE horizon_at < now() LIMIT $1::int FOR UPDATE SKIP LOCKED)))sql"};

JournalEntry EntryOf(const InboundMessage& message, const pg::Row& row) {
  JournalEntry entry;
  entry.id = row.Int(0);
  entry.partner = message.partner;
  entry.channel = message.channel;
  entry.control_id = message.control_id;
  entry.type = message.type;
  entry.received_us = row.TimestampUs(1);
  entry.reused_id = row.Bool(2);
  entry.raw = message.raw;
  return entry;
}

/// Spreads messages over buckets, repeats of one into the same. FNV-1a (http://www.isthe.com/chongo/tech/comp/fnv/):
/// the value is stored, so it may depend on nothing that changes.
std::int64_t BucketOf(std::string_view partner, std::string_view control_id) {
  std::uint64_t hash = 14'695'981'039'346'656'037u;
  const auto mix = [&hash](std::string_view text) {
    for (const char c : text) {
      hash = (hash ^ static_cast<unsigned char>(c)) * 1'099'511'628'211u;
    }
  };
  mix(partner);
  mix("\x1f");
  mix(control_id);
  return static_cast<std::int64_t>((hash >> 32) & 255);
}

pg::Parameters ReceiveParameters(const InboundMessage& message, std::int64_t bucket, const std::string& sha256,
                                 int horizon_days) {
  pg::Parameters parameters;
  parameters.Int(bucket).Text(message.partner).Text(message.control_id).Bytes(sha256).Int(horizon_days);
  parameters.Text(message.channel).Text(message.type).Int(static_cast<std::int64_t>(message.raw.size()));
  for (std::size_t i = 0; i < 2; ++i) {
    parameters.IntOrNull(i < message.patients.size() ? std::optional(LaneOf(message.patients[i])) : std::nullopt);
  }
  parameters.Int(message.lease_ms);
  return parameters;
}

/// By a statement on what is worked on, else by its twin on all months.
fhir::Result<pg::Rows> SelectEither(pg::Connection& connection, const pg::Statement& recent, const pg::Statement& old,
                                    const pg::Parameters& parameters) {
  GW_ASSIGN(pg::Rows rows, connection.Execute(recent, parameters));
  return rows.empty() ? connection.Execute(old, parameters) : fhir::Result<pg::Rows>(std::move(rows));
}

/// Whether the message was in the table of a past month, and is not any more.
fhir::Result<bool> Recall(pg::Connection& connection, std::int64_t id) {
  pg::Transaction transaction(connection);
  GW_ASSIGN(const pg::Rows recalled, connection.Execute(kRecallMessage, pg::Parameters().Int(id)));
  if (recalled.affected() == 0) {
    return false;
  }
  GW_TRY(connection.Execute(kRecallChunks, pg::Parameters().Int(id)));
  GW_TRY(transaction.Commit());
  return true;
}

/// A statement that changes one message, once more when the message had to be recalled for it.
fhir::Result<pg::Rows> ChangeOne(pg::Connection& connection, const pg::Statement& statement,
                                 const pg::Parameters& parameters, std::int64_t id) {
  GW_ASSIGN(pg::Rows rows, connection.Execute(statement, parameters));
  if (!rows.empty()) {
    return rows;
  }
  GW_ASSIGN(const bool recalled, Recall(connection, id));
  return recalled ? connection.Execute(statement, parameters) : fhir::Result<pg::Rows>(std::move(rows));
}

std::unexpected<fhir::Error> NoSuchMessage() {
  return fhir::Fail(fhir::ErrorCode::kNotFound, "There is no such message.");
}

}  // namespace

fhir::Result<ReceiveResult> JournalStore::Receive(const InboundMessage& message) {
  if (message.raw.size() > limits_.raw_bytes_max) {
    return fhir::Fail(fhir::ErrorCode::kTooLarge,
                      fmt::format("The message is larger than {} bytes.", limits_.raw_bytes_max));
  }
  const std::int64_t bucket = BucketOf(message.partner, message.control_id);
  const std::string sha256 = Sha256(message.raw);
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  if (message.raw.size() > limits_.chunk_bytes) {
    return ReceiveChunks(*connection, message, bucket, sha256);
  }
  const std::string compressed = CompressIfSmaller(message.raw);
  pg::Parameters parameters = ReceiveParameters(message, bucket, sha256, limits_.repeat_horizon_days);
  parameters.Text(compressed.empty() ? "plain" : "zstd").Bytes(compressed.empty() ? message.raw : compressed);
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kReceiveMessage, parameters));
  if (rows.empty()) {
    return Repeat(*connection, message, bucket, sha256);
  }
  return ReceiveResult{.entry = EntryOf(message, rows[0]), .repeated = false, .refusal = {}, .held = rows[0].Bool(3)};
}

fhir::Result<ReceiveResult> JournalStore::ReceiveChunks(pg::Connection& connection, const InboundMessage& message,
                                                        std::int64_t bucket, const std::string& sha256) {
  ReceiveResult result;
  {
    pg::Transaction transaction(connection);
    pg::Parameters parameters = ReceiveParameters(message, bucket, sha256, limits_.repeat_horizon_days);
    parameters.Text("chunks").Null();
    GW_ASSIGN(const pg::Rows rows, connection.Execute(kReceiveMessage, parameters));
    if (!rows.empty()) {
      result.entry = EntryOf(message, rows[0]);
      result.held = rows[0].Bool(3);
      const std::string_view raw = message.raw;
      int number = 0;
      for (std::size_t at = 0; at < raw.size(); at += limits_.chunk_bytes) {
        const std::string_view chunk = raw.substr(at, limits_.chunk_bytes);
        const std::string compressed = CompressIfSmaller(chunk);
        GW_TRY(connection.Execute(kInsertChunk, pg::Parameters()
                                                    .Int(result.entry.id)
                                                    .Int(number++)
                                                    .Text(compressed.empty() ? "plain" : "zstd")
                                                    .Bytes(compressed.empty() ? chunk : std::string_view(compressed))));
      }
      GW_TRY(transaction.Commit());
      return result;
    }
  }
  return Repeat(connection, message, bucket, sha256);
}

fhir::Result<ReceiveResult> JournalStore::Repeat(pg::Connection& connection, const InboundMessage& message,
                                                 std::int64_t bucket, const std::string& sha256) {
  // A statement of its own: the one before may not see a row that was committed while it waited for it.
  GW_ASSIGN(const pg::Rows rows,
            SelectEither(connection, kSelectRepeat, kSelectOldRepeat,
                         pg::Parameters().Int(bucket).Text(message.partner).Text(message.control_id).Bytes(sha256)));
  if (rows.empty()) {
    return fhir::Fail(fhir::ErrorCode::kConflict, {"The message is being received by another node."},
                      {"a message key without its message"}, fhir::Retry::kLater);
  }
  ReceiveResult result{.entry = EntryOf(rows[0]), .repeated = true};
  result.entry.raw = message.raw;
  if (result.entry.state == MessageState::kRefused) {
    GW_ASSIGN(const pg::Rows reopened,
              ChangeOne(connection, kReopenMessage,
                        pg::Parameters().Int(result.entry.id).Bool(true).Int(message.lease_ms), result.entry.id));
    result.entry.state = MessageState::kReceived;
    result.entry.finished_us = 0;
    result.refusal = std::exchange(result.entry.ack, {});
    result.entry.error_code.clear();
    result.entry.error_place.clear();
    result.repeated = reopened.empty();  // another repeat came first and is at work
  }
  return result;
}

fhir::Result<void> JournalStore::ReadRaw(pg::Connection& connection, const pg::Row& row, JournalEntry& entry) const {
  const std::string_view encoding = row.Text(kEncodingColumn);
  const auto raw_bytes = static_cast<std::size_t>(row.Int(kEncodingColumn + 1));
  if (encoding == "plain") {
    entry.raw = row.Bytes(kEncodingColumn + 2);
    return {};
  }
  if (encoding == "zstd") {
    GW_ASSIGN(entry.raw, Decompress(row.Bytes(kEncodingColumn + 2), raw_bytes));
    return {};
  }
  GW_ASSIGN(const pg::Rows chunks,
            SelectEither(connection, kSelectChunks, kSelectOldChunks, pg::Parameters().Int(entry.id)));
  entry.raw.reserve(raw_bytes);
  for (int i = 0; i < chunks.size(); ++i) {
    if (chunks[i].Text(0) == "plain") {
      entry.raw.append(chunks[i].Bytes(1));
    } else {
      GW_ASSIGN(const std::string chunk, Decompress(chunks[i].Bytes(1), raw_bytes));
      entry.raw.append(chunk);
    }
  }
  return {};
}

fhir::Result<JournalEntry> JournalStore::Get(std::int64_t id) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows,
            SelectEither(*connection, kSelectMessage, kSelectOldMessage, pg::Parameters().Int(id)));
  if (rows.empty()) {
    return NoSuchMessage();
  }
  JournalEntry entry = EntryOf(rows[0]);
  GW_TRY(ReadRaw(*connection, rows[0], entry));
  return entry;
}

fhir::Result<std::vector<JournalEntry>> JournalStore::ClaimUnfinished(int lease_ms, int entries_max) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kClaimMessages, pg::Parameters().Int(lease_ms).Int(entries_max)));
  std::vector<JournalEntry> entries;
  entries.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    entries.push_back(EntryOf(rows[i]));
    GW_TRY(ReadRaw(*connection, rows[i], entries.back()));
  }
  std::sort(entries.begin(), entries.end(),
            [](const JournalEntry& left, const JournalEntry& right) { return left.id < right.id; });
  return entries;
}

fhir::Result<void> JournalStore::Postpone(std::int64_t id, int delay_ms) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_TRY(connection->Execute(kPostponeMessage, pg::Parameters().Int(id).Int(delay_ms)));
  return {};
}

fhir::Result<std::optional<adapters::port::OpenMessage>> JournalStore::Before(std::int64_t id) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kSelectBefore, pg::Parameters().Int(id)));
  if (rows.empty()) {
    return std::optional<adapters::port::OpenMessage>();
  }
  return adapters::port::OpenMessage{.id = rows[0].Int(0), .control_id = rows[0].String(1), .holds = rows[0].Bool(2)};
}

fhir::Result<std::int64_t> JournalStore::ParkBehind(std::int64_t holder) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kParkBehind, pg::Parameters().Int(holder)));
  return rows.affected();
}

fhir::Result<std::int64_t> JournalStore::Release(int entries_max) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kReleaseMessages, pg::Parameters().Int(entries_max)));
  return rows.affected();
}

fhir::Result<void> JournalStore::Replay(std::int64_t id) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows reopened,
            ChangeOne(*connection, kReopenMessage, pg::Parameters().Int(id).Bool(false).Int(0), id));
  if (!reopened.empty()) {
    return {};
  }
  GW_ASSIGN(const pg::Rows rows,
            SelectEither(*connection, kSelectMessage, kSelectOldMessage, pg::Parameters().Int(id)));
  if (rows.empty()) {
    return NoSuchMessage();
  }
  switch (EntryOf(rows[0]).state) {
    case MessageState::kCommitted:
      return fhir::Fail(fhir::ErrorCode::kConflict,
                        "The message has been committed: working on it again could put old facts over newer ones.");
    case MessageState::kDiscarded:
      return fhir::Fail(fhir::ErrorCode::kConflict,
                        "The message has been discarded: later ones of its patient may have gone on without it.");
    default:
      return {};
  }
}

fhir::Result<void> JournalStore::Discard(std::int64_t id) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows discarded, ChangeOne(*connection, kDiscardMessage, pg::Parameters().Int(id), id));
  if (!discarded.empty()) {
    return {};
  }
  GW_ASSIGN(const pg::Rows rows,
            SelectEither(*connection, kSelectMessage, kSelectOldMessage, pg::Parameters().Int(id)));
  if (rows.empty()) {
    return NoSuchMessage();
  }
  switch (EntryOf(rows[0]).state) {
    case MessageState::kDiscarded:
      return {};
    case MessageState::kReceived:
      return fhir::Fail(fhir::ErrorCode::kConflict, "The message is being worked on.");
    default:
      return fhir::Fail(fhir::ErrorCode::kConflict, "The message has been acknowledged and is done.");
  }
}

fhir::Result<std::int64_t> JournalStore::SweepKeys(int keys_max) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kSweepKeys, pg::Parameters().Int(keys_max)));
  return rows.affected();
}

}  // namespace gateway::store
