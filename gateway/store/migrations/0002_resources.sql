-- Resources, what they are found by, and claims on time. schema/resources.md explains every column.
--
-- Every table carries the column it would be distributed by (the resource id, or the schedule of a claim), and every
-- unique or exclusion constraint contains it. No table refers to another by a foreign key.

CREATE EXTENSION IF NOT EXISTS btree_gist;

CREATE TABLE resource_version (
  id            text COLLATE "C" NOT NULL,
  type          smallint         NOT NULL,
  version       bigint           NOT NULL,
  last_updated  bigint           NOT NULL,
  deleted       boolean          NOT NULL DEFAULT false,
  body          bytea COMPRESSION lz4,
  made_tx       xid8             NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx     xid8,
  PRIMARY KEY (id, type, version)
);

-- One head per resource: read by id, lock on write, and the walk of a type in the order of ids.
CREATE UNIQUE INDEX resource_version_head ON resource_version (type, id) WHERE closed_tx IS NULL;
-- History of a type, and _lastUpdated as criterion and as sort key.
CREATE INDEX resource_version_updated ON resource_version (type, last_updated DESC, id);

CREATE TABLE idx_string (
  id         text COLLATE "C" NOT NULL,
  type       smallint         NOT NULL,
  parameter  smallint         NOT NULL,
  folded     text COLLATE "C" NOT NULL,
  exact      text COLLATE "C" NOT NULL,
  made_tx    xid8             NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx  xid8
);
CREATE INDEX idx_string_value ON idx_string (parameter, type, folded, id) WHERE closed_tx IS NULL;
CREATE INDEX idx_string_resource ON idx_string (id, type, parameter) WHERE closed_tx IS NULL;

CREATE TABLE idx_token (
  id               text COLLATE "C" NOT NULL,
  type             smallint         NOT NULL,
  parameter        smallint         NOT NULL,
  system           text COLLATE "C" NOT NULL,
  code             text COLLATE "C" NOT NULL,
  identifier_type  text COLLATE "C" NOT NULL,
  made_tx          xid8             NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx        xid8
);
CREATE INDEX idx_token_value ON idx_token (parameter, type, code, system, id) WHERE closed_tx IS NULL;
CREATE INDEX idx_token_resource ON idx_token (id, type, parameter) WHERE closed_tx IS NULL;
-- Codes are skewed per parameter; without this the planner multiplies frequencies that are not independent.
CREATE STATISTICS idx_token_skew (mcv, dependencies) ON parameter, type, code FROM idx_token;

CREATE TABLE idx_reference (
  id           text COLLATE "C" NOT NULL,
  type         smallint         NOT NULL,
  parameter    smallint         NOT NULL,
  target_type  smallint         NOT NULL,
  target       text COLLATE "C" NOT NULL,
  made_tx      xid8             NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx    xid8
);
CREATE INDEX idx_reference_value ON idx_reference (target, parameter, type, target_type, id) WHERE closed_tx IS NULL;
CREATE INDEX idx_reference_resource ON idx_reference (id, type, parameter) WHERE closed_tx IS NULL;

CREATE TABLE idx_date (
  id         text COLLATE "C" NOT NULL,
  type       smallint         NOT NULL,
  parameter  smallint         NOT NULL,
  low        bigint           NOT NULL,
  high       bigint           NOT NULL,
  made_tx    xid8             NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx  xid8
);
CREATE INDEX idx_date_value ON idx_date (parameter, type, low, high, id) WHERE closed_tx IS NULL;
CREATE INDEX idx_date_resource ON idx_date (id, type, parameter) WHERE closed_tx IS NULL;

CREATE TABLE idx_number (
  id         text COLLATE "C" NOT NULL,
  type       smallint         NOT NULL,
  parameter  smallint         NOT NULL,
  low        numeric          NOT NULL,
  high       numeric          NOT NULL,
  made_tx    xid8             NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx  xid8
);
CREATE INDEX idx_number_value ON idx_number (parameter, type, low, high, id) WHERE closed_tx IS NULL;
CREATE INDEX idx_number_resource ON idx_number (id, type, parameter) WHERE closed_tx IS NULL;

CREATE TABLE idx_quantity (
  id         text COLLATE "C" NOT NULL,
  type       smallint         NOT NULL,
  parameter  smallint         NOT NULL,
  low        numeric          NOT NULL,
  high       numeric          NOT NULL,
  system     text COLLATE "C" NOT NULL,
  code       text COLLATE "C" NOT NULL,
  made_tx    xid8             NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx  xid8
);
CREATE INDEX idx_quantity_value ON idx_quantity (parameter, type, low, high, id) WHERE closed_tx IS NULL;
CREATE INDEX idx_quantity_resource ON idx_quantity (id, type, parameter) WHERE closed_tx IS NULL;

CREATE TABLE idx_uri (
  id         text COLLATE "C" NOT NULL,
  type       smallint         NOT NULL,
  parameter  smallint         NOT NULL,
  uri        text COLLATE "C" NOT NULL,
  made_tx    xid8             NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx  xid8
);
CREATE INDEX idx_uri_value ON idx_uri (parameter, type, uri, id) WHERE closed_tx IS NULL;
CREATE INDEX idx_uri_resource ON idx_uri (id, type, parameter) WHERE closed_tx IS NULL;

CREATE TABLE time_claim (
  schedule_id     text COLLATE "C" NOT NULL,
  appointment_id  text COLLATE "C" NOT NULL,
  slot_id         text COLLATE "C" NOT NULL,
  during          tstzrange        NOT NULL,
  CONSTRAINT time_claim_no_overlap EXCLUDE USING gist (schedule_id WITH =, during WITH &&)
);
CREATE INDEX time_claim_appointment ON time_claim (appointment_id);
