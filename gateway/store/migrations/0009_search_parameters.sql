-- Search parameters beside those of the standard. schema/search_parameters.md explains every column. Both tables are
-- small and the same for all resources: in a distributed database every node has a copy.

-- One row. The version grows with every change of the parameters in use: a transaction that writes index rows checks,
-- last of all, that it knew the version that is in force.
CREATE TABLE search_registry (
  single       boolean     PRIMARY KEY DEFAULT true CHECK (single),
  version      bigint      NOT NULL,
  last_number  smallint    NOT NULL,
  changed_at   timestamptz NOT NULL
);
INSERT INTO search_registry (version, last_number, changed_at) VALUES (1, 16383, clock_timestamp());

CREATE TABLE search_parameter (
  number      smallint         PRIMARY KEY CHECK (number >= 16384),
  url         text COLLATE "C" NOT NULL,
  origin      text COLLATE "C" NOT NULL,
  code        text COLLATE "C" NOT NULL,
  name        text             NOT NULL,
  type        text             NOT NULL,
  expression  text             NOT NULL,
  bases       text[]           NOT NULL,
  targets     text[]           NOT NULL,
  state       text             NOT NULL CHECK (state IN ('indexing', 'usable', 'leaving')),
  state_at    timestamptz      NOT NULL DEFAULT clock_timestamp(),
  wait_tx     xid8,
  at_type     smallint         NOT NULL DEFAULT 0,
  at_id       text COLLATE "C" NOT NULL DEFAULT '',
  done        bigint           NOT NULL DEFAULT 0,
  total       bigint
);
CREATE UNIQUE INDEX search_parameter_url ON search_parameter (url) WHERE state <> 'leaving';
