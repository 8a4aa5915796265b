-- What partners sent, hour by hour, and alerts. schema/watch.md explains every column.

CREATE TABLE exchange_hour (
  partner       text COLLATE "C" NOT NULL,
  hour          timestamptz      NOT NULL,
  received      bigint           NOT NULL DEFAULT 0,
  acknowledged  bigint           NOT NULL DEFAULT 0,
  failed        bigint           NOT NULL DEFAULT 0,
  last_at       timestamptz      NOT NULL,
  PRIMARY KEY (partner, hour)
) WITH (fillfactor = 70);

CREATE TABLE alert (
  kind      text COLLATE "C" NOT NULL,
  subject   text COLLATE "C" NOT NULL,
  began_at  timestamptz      NOT NULL DEFAULT clock_timestamp(),
  ended_at  timestamptz,
  detail    text             NOT NULL DEFAULT '',
  PRIMARY KEY (kind, subject, began_at)
);
CREATE UNIQUE INDEX alert_open ON alert (kind, subject) WHERE ended_at IS NULL;
CREATE INDEX alert_ended ON alert (ended_at) WHERE ended_at IS NOT NULL;
