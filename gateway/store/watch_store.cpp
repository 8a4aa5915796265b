#include "gateway/store/watch_store.hpp"

#include "gateway/store/pg/array.hpp"

namespace gateway::store {
namespace {

constexpr pg::Statement kAddExchangeCounts{"add_exchange_counts", R"sql(
INSERT INTO exchange_hour AS h (partner, hour, received, acknowledged, failed, last_at)
SELECT partner, date_trunc('hour', now()), received, acknowledged, failed, now()
  FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::bigint[]) AS c (partner, received, acknowledged, failed)
 ORDER BY partner
ON CONFLICT (partner, hour) DO UPDATE
   SET received = h.received + excluded.received, acknowledged = h.acknowledged + excluded.acknowledged,
       failed = h.failed + excluded.failed, last_at = greatest(h.last_at, excluded.last_at))sql"};

// The expectation: hours of the same weekday (or day, in the first week) count by their overlap with the silence so
// far.
constexpr pg::Statement kWatchPartners{"watch_partners", R"sql(
WITH known AS (
  SELECT partner, max(last_at) AS last_at, min(hour) AS since,
         coalesce(sum(received) FILTER (WHERE hour > now() - interval '24 hours'), 0) AS received,
         coalesce(sum(acknowledged) FILTER (WHERE hour > now() - interval '24 hours'), 0) AS acknowledged,
         coalesce(sum(failed) FILTER (WHERE hour > now() - interval '24 hours'), 0) AS failed
    FROM exchange_hour GROUP BY partner),
paced AS (
  SELECT *, CASE WHEN since <= now() - interval '7 days' THEN interval '7 days' ELSE interval '1 day' END AS step
    FROM known),
backlog AS (
  SELECT partner, count(*) FILTER (WHERE state = 'received') AS waiting,
         count(*) FILTER (WHERE state = 'refused') AS refused, count(*) FILTER (WHERE state = 'parked') AS parked,
         min(received_at) FILTER (WHERE state = 'received') AS oldest
    FROM (SELECT partner, state, received_at FROM message WHERE state = 'received'
          UNION ALL SELECT partner, state, received_at FROM message WHERE state IN ('refused', 'parked')) AS m
   GROUP BY partner)
SELECT coalesce(p.partner, b.partner), coalesce(p.received, 0)::bigint, coalesce(p.acknowledged, 0)::bigint,
       coalesce(p.failed, 0)::bigint, coalesce(b.waiting, 0), coalesce(b.refused, 0), coalesce(b.parked, 0), b.oldest,
       p.last_at, coalesce(e.expected, 0)::float8
  FROM paced p FULL JOIN backlog b ON b.partner = p.partner
  LEFT JOIN LATERAL (
       SELECT sum(h.received * extract(epoch FROM least(h.hour + interval '1 hour', now() - n * p.step)
                                                  - greatest(h.hour, p.last_at - n * p.step)) / 3600)
              / count(DISTINCT n) AS expected
         FROM generate_series(1, 4) AS n
         LEFT JOIN exchange_hour h ON h.partner = p.partner AND h.hour + interval '1 hour' > p.last_at - n * p.step
                                  AND h.hour < now() - n * p.step
        WHERE now() - n * p.step >= p.since) AS e ON p.partner IS NOT NULL
 ORDER BY 1)sql"};

constexpr pg::Statement kWatchDestinations{"watch_destinations", R"sql(
SELECT destination, count(*) FILTER (WHERE waits), count(*) FILTER (WHERE NOT waits),
       min(created_at) FILTER (WHERE waits)
  FROM (SELECT destination, created_at, true AS waits FROM outbox WHERE state = 'waiting'
        UNION ALL SELECT destination, created_at, false FROM outbox WHERE state = 'dead') AS o
 GROUP BY destination ORDER BY destination)sql"};

constexpr pg::Statement kWatchHolding{"watch_holding", R"sql(
SELECT id, partner FROM message WHERE state = 'refused' AND holds ORDER BY id LIMIT $1::int)sql"};

constexpr pg::Statement kBeginAlerts{"begin_alerts", R"sql(
INSERT INTO alert (kind, subject, detail)
SELECT kind, subject, detail FROM unnest($1::text[], $2::text[], $3::text[]) AS w (kind, subject, detail)
 WHERE NOT EXISTS (SELECT 1 FROM alert a WHERE a.kind = w.kind AND a.subject = w.subject AND a.ended_at IS NULL)
 ORDER BY kind, subject
ON CONFLICT (kind, subject) WHERE ended_at IS NULL DO NOTHING
RETURNING kind, subject, detail, began_at, ended_at)sql"};

constexpr pg::Statement kEndAlerts{"end_alerts", R"sql(
UPDATE alert SET ended_at = clock_timestamp()
 WHERE ended_at IS NULL
   AND NOT EXISTS (SELECT 1 FROM unnest($1::text[], $2::text[]) AS w (kind, subject)
                    WHERE w.kind = alert.kind AND w.subject = alert.subject)
RETURNING kind, subject, detail, began_at, ended_at)sql"};

constexpr pg::Statement kListAlerts{"list_alerts", R"sql(
SELECT kind, subject, detail, began_at, ended_at FROM alert
 ORDER BY ended_at IS NOT NULL, began_at DESC, kind, subject LIMIT $1::int)sql"};

constexpr pg::Statement kSweepHours{"sweep_exchange_hours", R"sql(
DELETE FROM exchange_hour WHERE hour < now() - interval '36 days')sql"};

constexpr pg::Statement kSweepAlerts{"sweep_alerts", R"sql(
DELETE FROM alert WHERE ended_at < now() - interval '36 days')sql"};

std::vector<Alert> AlertsOf(const pg::Rows& rows) {
  std::vector<Alert> alerts;
  alerts.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    alerts.push_back({.kind = rows[i].String(0),
                      .subject = rows[i].String(1),
                      .detail = rows[i].String(2),
                      .began_us = rows[i].TimestampUs(3),
                      .ended_us = rows[i].TimestampUs(4)});
  }
  return alerts;
}

}  // namespace

fhir::Result<void> WatchStore::AddCounts(std::span<const ExchangeCount> counts) {
  if (counts.empty()) {
    return {};
  }
  std::vector<std::string> partners;
  std::vector<std::int64_t> received;
  std::vector<std::int64_t> acknowledged;
  std::vector<std::int64_t> failed;
  partners.reserve(counts.size());
  received.reserve(counts.size());
  acknowledged.reserve(counts.size());
  failed.reserve(counts.size());
  for (const ExchangeCount& count : counts) {
    partners.push_back(count.partner);
    received.push_back(count.received);
    acknowledged.push_back(count.acknowledged);
    failed.push_back(count.failed);
  }
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_TRY(connection->Execute(kAddExchangeCounts, pg::Parameters()
                                                     .Add(pg::Array::Texts(partners))
                                                     .Add(pg::Array::Int64s(received))
                                                     .Add(pg::Array::Int64s(acknowledged))
                                                     .Add(pg::Array::Int64s(failed))));
  return {};
}

fhir::Result<std::vector<PartnerWatch>> WatchStore::Partners() {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kWatchPartners));
  std::vector<PartnerWatch> partners;
  partners.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    const pg::Row row = rows[i];
    partners.push_back({.partner = row.String(0),
                        .received_day = row.Int(1),
                        .acknowledged_day = row.Int(2),
                        .failed_day = row.Int(3),
                        .waiting = row.Int(4),
                        .refused = row.Int(5),
                        .parked = row.Int(6),
                        .oldest_waiting_us = row.TimestampUs(7),
                        .last_us = row.TimestampUs(8),
                        .expected = row.Double(9)});
  }
  return partners;
}

fhir::Result<std::vector<DestinationWatch>> WatchStore::Destinations() {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kWatchDestinations));
  std::vector<DestinationWatch> destinations;
  destinations.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    destinations.push_back({.destination = rows[i].String(0),
                            .waiting = rows[i].Int(1),
                            .dead = rows[i].Int(2),
                            .oldest_waiting_us = rows[i].TimestampUs(3)});
  }
  return destinations;
}

fhir::Result<std::vector<HoldingMessage>> WatchStore::Holding(int messages_max) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kWatchHolding, pg::Parameters().Int(messages_max)));
  std::vector<HoldingMessage> messages;
  messages.reserve(static_cast<std::size_t>(rows.size()));
  for (int i = 0; i < rows.size(); ++i) {
    messages.push_back({.id = rows[i].Int(0), .partner = rows[i].String(1)});
  }
  return messages;
}

fhir::Result<AlertChanges> WatchStore::SyncAlerts(std::span<const Alert> wanted) {
  std::vector<std::string> kinds;
  std::vector<std::string> subjects;
  std::vector<std::string> details;
  kinds.reserve(wanted.size());
  subjects.reserve(wanted.size());
  details.reserve(wanted.size());
  for (const Alert& alert : wanted) {
    kinds.push_back(alert.kind);
    subjects.push_back(alert.subject);
    details.push_back(alert.detail);
  }
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  AlertChanges changes;
  if (!wanted.empty()) {
    GW_ASSIGN(const pg::Rows begun, connection->Execute(kBeginAlerts, pg::Parameters()
                                                                          .Add(pg::Array::Texts(kinds))
                                                                          .Add(pg::Array::Texts(subjects))
                                                                          .Add(pg::Array::Texts(details))));
    changes.begun = AlertsOf(begun);
  }
  GW_ASSIGN(
      const pg::Rows ended,
      connection->Execute(kEndAlerts, pg::Parameters().Add(pg::Array::Texts(kinds)).Add(pg::Array::Texts(subjects))));
  changes.ended = AlertsOf(ended);
  return changes;
}

fhir::Result<std::vector<Alert>> WatchStore::ListAlerts(int alerts_max) {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_ASSIGN(const pg::Rows rows, connection->Execute(kListAlerts, pg::Parameters().Int(alerts_max)));
  return AlertsOf(rows);
}

fhir::Result<void> WatchStore::Sweep() {
  GW_ASSIGN(const pg::Pool::Lease connection, pool_.Acquire());
  GW_TRY(connection->Execute(kSweepHours));
  GW_TRY(connection->Execute(kSweepAlerts));
  return {};
}

}  // namespace gateway::store
