// Whether the journal has lost or doubled anything, and what asks for attention.
#include "gateway/store/journal_store.hpp"

namespace gateway::store {
namespace {

constexpr pg::Statement kCountMessages{"count_messages", R"sql(
SELECT count(*) FILTER (WHERE state = 'received'), count(*) FILTER (WHERE state = 'committed'),
       count(*) FILTER (WHERE state = 'ignored'), count(*) FILTER (WHERE state = 'refused'),
       count(*) FILTER (WHERE state = 'parked'), count(*) FILTER (WHERE state = 'discarded'),
       (SELECT count(*) FROM message_key)
  FROM journal)sql"};

// One statement sees one state. What was received is counted by the keys of messages, a table of its own, and the
// messages whose keys have been forgotten at their horizon; the rest by the messages.
constexpr pg::Statement kCheckMessages{"check_messages", R"sql(
WITH states AS (
  SELECT count(*) FILTER (WHERE m.state = 'received') AS waiting,
         count(*) FILTER (WHERE m.state = 'committed') AS committed,
         count(*) FILTER (WHERE m.state = 'ignored') AS ignored,
         count(*) FILTER (WHERE m.state = 'refused') AS refused,
         count(*) FILTER (WHERE m.state = 'parked') AS parked,
         count(*) FILTER (WHERE m.state = 'discarded') AS discarded,
         count(*) FILTER (WHERE m.state IN ('committed', 'ignored', 'refused') AND m.ack IS NULL) AS unanswered,
         count(*) FILTER (WHERE k.message_id IS NULL) AS unkeyed,
         count(*) FILTER (WHERE k.message_id IS NULL AND m.received_at > now() - interval '1 day') AS unkeyed_new
    FROM journal m LEFT JOIN message_key k
      ON k.bucket = m.bucket AND k.partner = m.partner AND k.control_id = m.control_id AND k.sha256 = m.sha256
     AND k.message_id = m.id
), keys AS (
  SELECT count(*) AS all_keys,
         count(*) FILTER (WHERE NOT EXISTS (SELECT 1 FROM journal m WHERE m.bucket = k.bucket AND m.id = k.message_id))
           AS lost
    FROM message_key k
), broken AS (
  SELECT count(*) AS chunks
    FROM journal m
   WHERE m.encoding = 'chunks'
     AND (SELECT count(*) FROM journal_chunk c WHERE c.bucket = m.bucket AND c.message_id = m.id)
         IS DISTINCT FROM
         (SELECT max(c.number) + 1 FROM journal_chunk c WHERE c.bucket = m.bucket AND c.message_id = m.id)
)
SELECT keys.all_keys + states.unkeyed, states.waiting, states.committed, states.ignored, states.refused, states.parked,
       states.discarded, keys.lost, states.unkeyed_new, states.unanswered, broken.chunks
  FROM states, keys, broken)sql"};

constexpr pg::Statement kCountMessageBacklog{"count_message_backlog", R"sql(
SELECT w.waiting, (SELECT count(*) FROM journal WHERE state = 'refused'),
       (SELECT count(*) FROM message WHERE state = 'parked'),
       (SELECT count(*) FROM message WHERE lane IS NOT NULL AND holds AND (state IN ('received', 'parked') OR holds)),
       w.oldest
  FROM (SELECT count(*) AS waiting, min(received_at) AS oldest FROM message WHERE state = 'received') AS w)sql"};

}  // namespace

fhir::Result<JournalCounts> JournalStore::Count() {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kCountMessages));
  const pg::Row row = rows[0];
  return JournalCounts{.waiting = row.Int(0),
                       .committed = row.Int(1),
                       .ignored = row.Int(2),
                       .refused = row.Int(3),
                       .parked = row.Int(4),
                       .discarded = row.Int(5),
                       .keys = row.Int(6)};
}

fhir::Result<adapters::port::JournalCheck> JournalStore::Check() {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kCheckMessages));
  const pg::Row row = rows[0];
  return adapters::port::JournalCheck{.received = row.Int(0),
                                      .waiting = row.Int(1),
                                      .committed = row.Int(2),
                                      .ignored = row.Int(3),
                                      .refused = row.Int(4),
                                      .parked = row.Int(5),
                                      .discarded = row.Int(6),
                                      .lost = row.Int(7),
                                      .unknown = row.Int(8),
                                      .unanswered = row.Int(9),
                                      .incomplete = row.Int(10)};
}

fhir::Result<JournalBacklog> JournalStore::CountBacklog() {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kCountMessageBacklog));
  const pg::Row row = rows[0];
  return JournalBacklog{.waiting = row.Int(0),
                        .refused = row.Int(1),
                        .parked = row.Int(2),
                        .holding = row.Int(3),
                        .oldest_waiting_us = row.TimestampUs(4)};
}

}  // namespace gateway::store
