-- More of what resources are found by: texts of tokens, base units, composites, full text, positions. Rows written
-- before this migration get their new values when their resource is written again. schema/resources.md explains every
-- column.

-- What :text looks at.
ALTER TABLE idx_token ADD COLUMN text text COLLATE "C" NOT NULL DEFAULT '';

ALTER TABLE idx_quantity
  ADD COLUMN unit       text COLLATE "C" NOT NULL DEFAULT '',
  ADD COLUMN base_low   numeric          NOT NULL DEFAULT 0,
  ADD COLUMN base_high  numeric          NOT NULL DEFAULT 0,
  ADD COLUMN base_unit  text COLLATE "C" NOT NULL DEFAULT '';
CREATE INDEX idx_quantity_base ON idx_quantity (parameter, type, base_unit, base_low, base_high, id)
  WHERE closed_tx IS NULL AND base_unit <> '';

CREATE TABLE idx_composite (
  id           text COLLATE "C" NOT NULL,
  type         smallint         NOT NULL,
  parameter    smallint         NOT NULL,
  code         text COLLATE "C" NOT NULL DEFAULT '',
  system       text COLLATE "C" NOT NULL DEFAULT '',
  code2        text COLLATE "C" NOT NULL DEFAULT '',
  system2      text COLLATE "C" NOT NULL DEFAULT '',
  low          numeric          NOT NULL DEFAULT 0,
  high         numeric          NOT NULL DEFAULT 0,
  unit_system  text COLLATE "C" NOT NULL DEFAULT '',
  unit_code    text COLLATE "C" NOT NULL DEFAULT '',
  unit         text COLLATE "C" NOT NULL DEFAULT '',
  base_low     numeric          NOT NULL DEFAULT 0,
  base_high    numeric          NOT NULL DEFAULT 0,
  base_unit    text COLLATE "C" NOT NULL DEFAULT '',
  low2         numeric          NOT NULL DEFAULT 0,
  high2        numeric          NOT NULL DEFAULT 0,
  start_us     bigint           NOT NULL DEFAULT 0,
  end_us       bigint           NOT NULL DEFAULT 0,
  folded       text COLLATE "C" NOT NULL DEFAULT '',
  target_type  smallint         NOT NULL DEFAULT 0,
  target       text COLLATE "C" NOT NULL DEFAULT '',
  made_tx      xid8             NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx    xid8
);
CREATE INDEX idx_composite_value ON idx_composite (parameter, type, code, code2, low, high, id) WHERE closed_tx IS NULL;
CREATE INDEX idx_composite_base ON idx_composite (parameter, type, code, base_unit, base_low, base_high, id)
  WHERE closed_tx IS NULL AND base_unit <> '';
CREATE INDEX idx_composite_resource ON idx_composite (id, type, parameter) WHERE closed_tx IS NULL;

-- Both languages of the gateway's users in one document: a word is found by its stem in either.
CREATE FUNCTION search_document(content text) RETURNS tsvector
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN to_tsvector('pg_catalog.french'::regconfig, content) || to_tsvector('pg_catalog.english'::regconfig, content);
CREATE FUNCTION search_words(words text) RETURNS tsquery
  LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
  RETURN websearch_to_tsquery('pg_catalog.french'::regconfig, words)
      || websearch_to_tsquery('pg_catalog.english'::regconfig, words);

CREATE TABLE idx_text (
  id         text COLLATE "C" NOT NULL,
  type       smallint         NOT NULL,
  parameter  smallint         NOT NULL,
  document   tsvector         NOT NULL,
  made_tx    xid8             NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx  xid8
);
CREATE INDEX idx_text_words ON idx_text USING gin (document) WHERE closed_tx IS NULL;
CREATE INDEX idx_text_resource ON idx_text (id, type, parameter) WHERE closed_tx IS NULL;

CREATE TABLE idx_position (
  id         text COLLATE "C" NOT NULL,
  type       smallint         NOT NULL,
  parameter  smallint         NOT NULL,
  latitude   float8           NOT NULL,
  longitude  float8           NOT NULL,
  made_tx    xid8             NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx  xid8
);
CREATE INDEX idx_position_value ON idx_position (parameter, type, latitude, longitude, id) WHERE closed_tx IS NULL;
CREATE INDEX idx_position_resource ON idx_position (id, type, parameter) WHERE closed_tx IS NULL;
