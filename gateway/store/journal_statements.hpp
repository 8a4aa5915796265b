// Statements on the journal and the outbox that run inside somebody else's transaction: a unit of work.
#pragma once

#include <string_view>

#include "adapters/port/unit_of_work.hpp"
#include "gateway/store/pg/statement.hpp"

namespace gateway::store {

/// The state as the database names it.
constexpr std::string_view StateName(adapters::port::MessageState state) {
  switch (state) {
    case adapters::port::MessageState::kReceived:
      return "received";
    case adapters::port::MessageState::kCommitted:
      return "committed";
    case adapters::port::MessageState::kIgnored:
      return "ignored";
    case adapters::port::MessageState::kRefused:
      return "refused";
    case adapters::port::MessageState::kParked:
      return "parked";
  }
  return "received";
}

/// Ends an inbound message. It divides by the number of messages that it ended: when there is none (another worker
/// ended it first), it fails, and a COMMIT sent behind it in one round trip is not reached. $1 message id (int8), $2
/// state by name (text; StateName), $3 ack (bytea), $4 error code, $5 error place (text), $6 patient key (text; "" for
/// none; only its hash is kept).
inline constexpr pg::Statement kFinishMessage{"finish_message", R"sql(
WITH ended AS (
UPDATE message
   SET state = $2::text, finished_at = now(), lease_until = NULL, ack = $3::bytea, error_code = $4::text,
       error_place = $5::text,
       patient_key = CASE WHEN $6::text = '' THEN NULL ELSE sha256(convert_to($6::text, 'UTF8')) END
 WHERE bucket = ($1::bigint & 255)::smallint AND id = $1::bigint AND state = 'received'
RETURNING id)
SELECT 1 / count(*) FROM ended)sql"};

/// Puts a message into the outbox. The bucket comes from (destination, order key), so that what must keep its order
/// stays together; ids grow in the order in which transactions that are serialised on the order key insert.
/// $1 destination, $2 kind, $3 order key, $4 cause (text), $5 payload (bytea). Returns the id.
inline constexpr pg::Statement kInsertOutbox{"insert_outbox", R"sql(
INSERT INTO outbox (bucket, id, destination, kind, order_key, cause, payload)
SELECT b.bucket, nextval('outbox_number') * 256 + b.bucket, $1::text, $2::text, $3::text, $4::text, $5::bytea
  FROM (SELECT get_byte(sha256(convert_to($1::text || E'\x1f' || $3::text, 'UTF8')), 0)::smallint AS bucket) b
RETURNING id)sql"};

}  // namespace gateway::store
