// Statements on the journal and the outbox that run inside somebody else's transaction: a unit of work.
#pragma once

#include <optional>
#include <string_view>

#include "adapters/port/unit_of_work.hpp"
#include "gateway/store/pg/parameters.hpp"
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
    case adapters::port::MessageState::kDiscarded:
      return "discarded";
  }
  return "received";
}

/// Ends an inbound message. It divides by the number of messages that it ended: when there is none (another worker
/// ended it first, or an earlier open message of one of its patients may not be overtaken), it fails, and a COMMIT sent
/// behind it in one round trip is not reached. $1 message id (int8), $2 state by name (text; StateName), $3 ack
/// (bytea), $4 error code, $5 error place (text), $6 patient key (text; "" for none; only its hash is kept), $7 whether
/// it holds later ones (bool), $8 the message that holds it (int8 or NULL).
inline constexpr pg::Statement kFinishMessage{"finish_message", R"sql(
WITH ended AS (
UPDATE message m
   SET state = $2::text, finished_at = now(), lease_until = NULL, ack = $3::bytea, error_code = $4::text,
       error_place = $5::text, holds = $7::bool AND m.lane IS NOT NULL, held_by = $8::bigint,
       patient_key = CASE WHEN $6::text = '' THEN NULL ELSE sha256(convert_to($6::text, 'UTF8')) END
 WHERE m.bucket = ($1::bigint & 255)::smallint AND m.id = $1::bigint AND m.state = 'received'
   AND ($2::text NOT IN ('committed', 'refused') OR NOT (
         EXISTS (SELECT 1 FROM message e
                  WHERE e.lane IN (m.lane, m.second_lane) AND e.id < m.id AND e.partner = m.partner
                    AND (e.state IN ('received', 'parked') OR e.holds))
      OR EXISTS (SELECT 1 FROM message e
                  WHERE e.second_lane IN (m.lane, m.second_lane) AND e.id < m.id AND e.partner = m.partner
                    AND e.second_lane IS NOT NULL AND (e.state IN ('received', 'parked') OR e.holds))))
RETURNING id)
SELECT 1 / count(*) FROM ended)sql"};

inline pg::Parameters FinishParameters(const adapters::port::MessageEnd& end) {
  pg::Parameters parameters;
  parameters.Int(end.message).Text(StateName(end.state)).Bytes(end.ack).Text(end.error_code).Text(end.error_place);
  parameters.Text(end.patient_key).Bool(end.holds);
  parameters.IntOrNull(end.held_by == 0 ? std::nullopt : std::optional(end.held_by));
  return parameters;
}

/// Puts a message into the outbox. The bucket comes from (destination, order key), so that what must keep its order
/// stays together; ids grow in the order in which transactions that are serialised on the order key insert.
/// $1 destination, $2 kind, $3 order key, $4 cause (text), $5 payload (bytea). Returns the id.
inline constexpr pg::Statement kInsertOutbox{"insert_outbox", R"sql(
INSERT INTO outbox (bucket, id, destination, kind, order_key, cause, payload)
SELECT b.bucket, nextval('outbox_number') * 256 + b.bucket, $1::text, $2::text, $3::text, $4::text, $5::bytea
  FROM (SELECT get_byte(sha256(convert_to($1::text || E'\x1f' || $3::text, 'UTF8')), 0)::smallint AS bucket) b
RETURNING id)sql"};

}  // namespace gateway::store
