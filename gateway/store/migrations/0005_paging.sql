-- Pages as of the first page, and writes that can be repeated. schema/paging.md and schema/repeats.md explain.
--
-- A page of a walk asks for rows that are closed or not. Rows are found by resource, and references by their target, from
-- within joins, where the planner can use one index alone: those indexes hold all rows, with closed_tx last, so that
-- head rows are still told without a look at the table. By value there is an index of closed rows beside that of head
-- rows; a condition on both becomes a union of bitmaps. By closed_tx the sweep finds what is old enough.

DROP INDEX idx_string_resource;
CREATE INDEX idx_string_resource ON idx_string (id, type, parameter, closed_tx);
CREATE INDEX idx_string_value_closed ON idx_string (parameter, type, folded, id) WHERE closed_tx IS NOT NULL;
CREATE INDEX idx_string_closed ON idx_string (closed_tx) WHERE closed_tx IS NOT NULL;
DROP INDEX idx_token_resource;
CREATE INDEX idx_token_resource ON idx_token (id, type, parameter, closed_tx);
CREATE INDEX idx_token_value_closed ON idx_token (parameter, type, code, system, id) WHERE closed_tx IS NOT NULL;
CREATE INDEX idx_token_closed ON idx_token (closed_tx) WHERE closed_tx IS NOT NULL;
DROP INDEX idx_reference_resource;
CREATE INDEX idx_reference_resource ON idx_reference (id, type, parameter, closed_tx);
DROP INDEX idx_reference_value;
CREATE INDEX idx_reference_value ON idx_reference (target, parameter, type, target_type, id, closed_tx);
CREATE INDEX idx_reference_closed ON idx_reference (closed_tx) WHERE closed_tx IS NOT NULL;
DROP INDEX idx_date_resource;
CREATE INDEX idx_date_resource ON idx_date (id, type, parameter, closed_tx);
CREATE INDEX idx_date_value_closed ON idx_date (parameter, type, low, high, id) WHERE closed_tx IS NOT NULL;
CREATE INDEX idx_date_closed ON idx_date (closed_tx) WHERE closed_tx IS NOT NULL;
DROP INDEX idx_number_resource;
CREATE INDEX idx_number_resource ON idx_number (id, type, parameter, closed_tx);
CREATE INDEX idx_number_value_closed ON idx_number (parameter, type, low, high, id) WHERE closed_tx IS NOT NULL;
CREATE INDEX idx_number_closed ON idx_number (closed_tx) WHERE closed_tx IS NOT NULL;
DROP INDEX idx_quantity_resource;
CREATE INDEX idx_quantity_resource ON idx_quantity (id, type, parameter, closed_tx);
CREATE INDEX idx_quantity_value_closed ON idx_quantity (parameter, type, low, high, id) WHERE closed_tx IS NOT NULL;
CREATE INDEX idx_quantity_closed ON idx_quantity (closed_tx) WHERE closed_tx IS NOT NULL;
DROP INDEX idx_uri_resource;
CREATE INDEX idx_uri_resource ON idx_uri (id, type, parameter, closed_tx);
CREATE INDEX idx_uri_value_closed ON idx_uri (parameter, type, uri, id) WHERE closed_tx IS NOT NULL;
CREATE INDEX idx_uri_closed ON idx_uri (closed_tx) WHERE closed_tx IS NOT NULL;
CREATE INDEX idx_quantity_base_closed ON idx_quantity (parameter, type, base_unit, base_low, base_high, id)
  WHERE closed_tx IS NOT NULL AND base_unit <> '';
DROP INDEX idx_composite_resource;
CREATE INDEX idx_composite_resource ON idx_composite (id, type, parameter, closed_tx);
CREATE INDEX idx_composite_value_closed ON idx_composite (parameter, type, code, code2, low, high, id)
  WHERE closed_tx IS NOT NULL;
CREATE INDEX idx_composite_base_closed ON idx_composite (parameter, type, code, base_unit, base_low, base_high, id)
  WHERE closed_tx IS NOT NULL AND base_unit <> '';
CREATE INDEX idx_composite_closed ON idx_composite (closed_tx) WHERE closed_tx IS NOT NULL;
DROP INDEX idx_text_resource;
CREATE INDEX idx_text_resource ON idx_text (id, type, parameter, closed_tx);
CREATE INDEX idx_text_words_closed ON idx_text USING gin (document) WHERE closed_tx IS NOT NULL;
CREATE INDEX idx_text_closed ON idx_text (closed_tx) WHERE closed_tx IS NOT NULL;
DROP INDEX idx_position_resource;
CREATE INDEX idx_position_resource ON idx_position (id, type, parameter, closed_tx);
CREATE INDEX idx_position_value_closed ON idx_position (parameter, type, latitude, longitude, id)
  WHERE closed_tx IS NOT NULL;
CREATE INDEX idx_position_closed ON idx_position (closed_tx) WHERE closed_tx IS NOT NULL;

-- Which transactions had ended by which time.
CREATE TABLE closed_row_mark (
  at  timestamptz PRIMARY KEY,
  tx  xid8        NOT NULL
);

-- One row: what was closed by transactions below is swept, or about to be.
CREATE TABLE closed_row_horizon (
  single  boolean PRIMARY KEY DEFAULT true CHECK (single),
  tx      xid8    NOT NULL
);
INSERT INTO closed_row_horizon (tx) VALUES ('0');

-- Keys that seal cursors, the newest in use. Not used when search.cursor_key_file is set.
CREATE TABLE cursor_key (
  key      bytea       PRIMARY KEY CHECK (length(key) = 32),
  made_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- What became of a write that came with an Idempotency-Key.
CREATE TABLE repeat_key (
  key         bytea       NOT NULL CHECK (length(key) = 16),
  request     bytea       NOT NULL CHECK (length(request) = 16),
  outcomes    bytea,
  expires_at  timestamptz NOT NULL,
  PRIMARY KEY (key)
);
CREATE INDEX repeat_key_expiry ON repeat_key USING brin (expires_at);
