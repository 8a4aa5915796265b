-- Inbound messages, what recognises their repeats, and the outbox. Columns are explained in gateway/store/schema/.

-- Distinct numbers are all that is asked of the sequences: an id is number * 256 + bucket, so that it names its bucket.
CREATE SEQUENCE message_number;
CREATE SEQUENCE outbox_number;

CREATE TABLE message (
  bucket       smallint    NOT NULL CHECK (bucket BETWEEN 0 AND 255),
  id           bigint      NOT NULL,
  partner      text        COLLATE "C" NOT NULL,
  channel      text        COLLATE "C" NOT NULL,
  control_id   text        COLLATE "C" NOT NULL,
  type         text        COLLATE "C" NOT NULL,
  state        text        COLLATE "C" NOT NULL DEFAULT 'received'
                           CHECK (state IN ('received', 'committed', 'ignored', 'refused', 'parked')),
  received_at  timestamptz NOT NULL DEFAULT now(),
  finished_at  timestamptz,
  lease_until  timestamptz,
  sha256       bytea       NOT NULL CHECK (length(sha256) = 32),
  raw_bytes    bigint      NOT NULL,
  encoding     text        COLLATE "C" NOT NULL CHECK (encoding IN ('plain', 'zstd', 'chunks')),
  raw          bytea,
  ack          bytea,
  error_code   text        COLLATE "C" NOT NULL DEFAULT '',
  error_place  text        COLLATE "C" NOT NULL DEFAULT '',
  patient_key  bytea,
  PRIMARY KEY (bucket, id),
  CHECK ((encoding = 'chunks') = (raw IS NULL)),
  CHECK ((state = 'received') = (finished_at IS NULL))
) WITH (fillfactor = 80);
-- What is compressed is compressed before it comes here.
ALTER TABLE message ALTER COLUMN raw SET STORAGE EXTERNAL;
CREATE INDEX message_unfinished ON message (bucket, id) WHERE state = 'received';
CREATE INDEX message_by_state ON message (state, id DESC) WHERE state IN ('refused', 'parked');
CREATE INDEX message_by_id ON message (id DESC);

CREATE TABLE message_chunk (
  bucket     smallint NOT NULL,
  message_id bigint   NOT NULL,
  number     integer  NOT NULL CHECK (number >= 0),
  encoding   text     COLLATE "C" NOT NULL CHECK (encoding IN ('plain', 'zstd')),
  data       bytea    NOT NULL,
  PRIMARY KEY (bucket, message_id, number)
);
ALTER TABLE message_chunk ALTER COLUMN data SET STORAGE EXTERNAL;

CREATE TABLE message_key (
  bucket     smallint    NOT NULL,
  partner    text        COLLATE "C" NOT NULL,
  control_id text        COLLATE "C" NOT NULL,
  sha256     bytea       NOT NULL,
  message_id bigint      NOT NULL,
  horizon_at timestamptz NOT NULL,
  PRIMARY KEY (bucket, partner, control_id, sha256)
);
CREATE INDEX message_key_horizon ON message_key USING brin (horizon_at);

CREATE TABLE outbox (
  bucket      smallint    NOT NULL CHECK (bucket BETWEEN 0 AND 255),
  id          bigint      NOT NULL,
  destination text        COLLATE "C" NOT NULL,
  kind        text        COLLATE "C" NOT NULL,
  order_key   text        COLLATE "C" NOT NULL,
  cause       text        COLLATE "C" NOT NULL,
  state       text        COLLATE "C" NOT NULL DEFAULT 'waiting' CHECK (state IN ('waiting', 'delivered', 'dead')),
  attempts    integer     NOT NULL DEFAULT 0,
  created_at  timestamptz NOT NULL DEFAULT now(),
  due_at      timestamptz NOT NULL DEFAULT now(),
  lease_until timestamptz,
  finished_at timestamptz,
  last_reason text        NOT NULL DEFAULT '',
  answer      bytea,
  payload     bytea       NOT NULL,
  PRIMARY KEY (bucket, id),
  CHECK ((state = 'waiting') = (finished_at IS NULL))
) WITH (fillfactor = 80);
CREATE INDEX outbox_order ON outbox (bucket, destination, order_key, id) WHERE state = 'waiting';
CREATE INDEX outbox_due ON outbox (due_at) WHERE state = 'waiting';
CREATE INDEX outbox_dead ON outbox (id DESC) WHERE state = 'dead';
