-- Tokens, references and uris of a resource in one row with a GIN index: :kind says whether as an array of 64-bit hashes
-- or as a JSON document. What is asked for by order (strings, dates, quantities) stays a row per value, by number.
-- With :links references have slim rows beside it, found by their resource: what includes and reverse chains follow.
\set dedup false
\ir number_rows.sql
DROP TABLE token, reference, uri;
DELETE FROM statement WHERE about IN ('token', 'reference', 'uri');
\if :arrays
CREATE TABLE found (
  number bigint NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8, type smallint NOT NULL, keys bigint[] NOT NULL);
CREATE INDEX found_keys ON found USING gin (keys) WHERE closed_tx IS NULL;
INSERT INTO statement VALUES ('found', replace('INSERT INTO LAYOUT.found (number, type, keys) SELECT number, type, keys FROM staged.keys WHERE batch = $1', 'LAYOUT', :'schema'));
\else
CREATE TABLE found (
  number bigint NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8, type smallint NOT NULL, found jsonb NOT NULL);
CREATE INDEX found_keys ON found USING gin (found jsonb_path_ops) WHERE closed_tx IS NULL;
INSERT INTO statement VALUES ('found', 'INSERT INTO jsonb.found (number, type, found) SELECT number, type, found FROM staged.document WHERE batch = $1');
\endif
CREATE INDEX found_resource ON found (number) WHERE closed_tx IS NULL;
\if :links
CREATE TABLE reference (
  number bigint NOT NULL, target bigint NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8,
  type smallint NOT NULL, parameter smallint NOT NULL, target_type smallint NOT NULL);
CREATE INDEX reference_resource ON reference (number) WHERE closed_tx IS NULL;
INSERT INTO statement VALUES ('reference', replace('INSERT INTO LAYOUT.reference (number, type, parameter, target_type, target) SELECT number, type, parameter, target_type, target_number FROM staged.reference WHERE batch = $1', 'LAYOUT', :'schema'));
\endif
