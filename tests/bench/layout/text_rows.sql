-- A row per value, found by the text id of its resource; two B-trees on each table. :form says how they are made:
--   whole   as migration 0002 has them: no two keys are equal
--   lean    by resource on the id alone, so that the rows of a resource share an entry
--   dedup   by value on the value alone too: an entry for each value, and the ids must be read from the rows
DROP SCHEMA IF EXISTS :schema CASCADE;
CREATE SCHEMA :schema;
SET search_path = :schema;
SELECT :'form' = 'whole' AS whole, :'form' = 'dedup' AS dedup \gset
CREATE TABLE resource (
  id text COLLATE "C" NOT NULL, type smallint NOT NULL, version bigint NOT NULL, last_updated bigint NOT NULL,
  deleted boolean NOT NULL DEFAULT false, body bytea COMPRESSION lz4, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx xid8, PRIMARY KEY (id, type, version));
CREATE UNIQUE INDEX resource_head ON resource (type, id) WHERE closed_tx IS NULL;
CREATE INDEX resource_updated ON resource (type, last_updated DESC, id);
CREATE TABLE token (
  id text COLLATE "C" NOT NULL, type smallint NOT NULL, parameter smallint NOT NULL, system text COLLATE "C" NOT NULL,
  code text COLLATE "C" NOT NULL, identifier_type text COLLATE "C" NOT NULL,
  made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8);
CREATE STATISTICS token_skew (mcv, dependencies) ON parameter, type, code FROM token;
CREATE TABLE reference (
  id text COLLATE "C" NOT NULL, type smallint NOT NULL, parameter smallint NOT NULL, target_type smallint NOT NULL,
  target text COLLATE "C" NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8);
CREATE TABLE string (
  id text COLLATE "C" NOT NULL, type smallint NOT NULL, parameter smallint NOT NULL, folded text COLLATE "C" NOT NULL,
  exact text COLLATE "C" NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8);
CREATE TABLE date (
  id text COLLATE "C" NOT NULL, type smallint NOT NULL, parameter smallint NOT NULL, low bigint NOT NULL, high bigint NOT NULL,
  made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8);
CREATE TABLE quantity (
  id text COLLATE "C" NOT NULL, type smallint NOT NULL, parameter smallint NOT NULL, low numeric NOT NULL, high numeric NOT NULL,
  system text COLLATE "C" NOT NULL, code text COLLATE "C" NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx xid8);
CREATE TABLE uri (
  id text COLLATE "C" NOT NULL, type smallint NOT NULL, parameter smallint NOT NULL, uri text COLLATE "C" NOT NULL,
  made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8);

\if :whole
CREATE INDEX token_resource ON token (id, type, parameter) WHERE closed_tx IS NULL;
CREATE INDEX reference_resource ON reference (id, type, parameter) WHERE closed_tx IS NULL;
CREATE INDEX string_resource ON string (id, type, parameter) WHERE closed_tx IS NULL;
CREATE INDEX date_resource ON date (id, type, parameter) WHERE closed_tx IS NULL;
CREATE INDEX quantity_resource ON quantity (id, type, parameter) WHERE closed_tx IS NULL;
CREATE INDEX uri_resource ON uri (id, type, parameter) WHERE closed_tx IS NULL;
\else
CREATE INDEX token_resource ON token (id) WHERE closed_tx IS NULL;
CREATE INDEX reference_resource ON reference (id) WHERE closed_tx IS NULL;
CREATE INDEX string_resource ON string (id) WHERE closed_tx IS NULL;
CREATE INDEX date_resource ON date (id) WHERE closed_tx IS NULL;
CREATE INDEX quantity_resource ON quantity (id) WHERE closed_tx IS NULL;
CREATE INDEX uri_resource ON uri (id) WHERE closed_tx IS NULL;
\endif
\if :dedup
CREATE INDEX token_value ON token (parameter, type, code, system) WHERE closed_tx IS NULL;
CREATE INDEX reference_value ON reference (target, parameter, type, target_type) WHERE closed_tx IS NULL;
CREATE INDEX string_value ON string (parameter, type, folded) WHERE closed_tx IS NULL;
CREATE INDEX quantity_value ON quantity (parameter, type, low, high) WHERE closed_tx IS NULL;
CREATE INDEX uri_value ON uri (parameter, type, uri) WHERE closed_tx IS NULL;
\else
CREATE INDEX token_value ON token (parameter, type, code, system, id) WHERE closed_tx IS NULL;
CREATE INDEX reference_value ON reference (target, parameter, type, target_type, id) WHERE closed_tx IS NULL;
CREATE INDEX string_value ON string (parameter, type, folded, id) WHERE closed_tx IS NULL;
CREATE INDEX quantity_value ON quantity (parameter, type, low, high, id) WHERE closed_tx IS NULL;
CREATE INDEX uri_value ON uri (parameter, type, uri, id) WHERE closed_tx IS NULL;
\endif
CREATE INDEX date_value ON date (parameter, type, low, high, id) WHERE closed_tx IS NULL;
CREATE TABLE statement (about text, sql text);
INSERT INTO statement
SELECT about, replace(sql, 'LAYOUT', :'schema') FROM (VALUES
('resource', 'INSERT INTO LAYOUT.resource (id, type, version, last_updated, body) SELECT id, type, version, last_updated, body FROM staged.resource WHERE batch = $1'),
('token', 'INSERT INTO LAYOUT.token (id, type, parameter, system, code, identifier_type) SELECT id, type, parameter, system, code, identifier_type FROM staged.token WHERE batch = $1'),
('reference', 'INSERT INTO LAYOUT.reference (id, type, parameter, target_type, target) SELECT id, type, parameter, target_type, target FROM staged.reference WHERE batch = $1'),
('string', 'INSERT INTO LAYOUT.string (id, type, parameter, folded, exact) SELECT id, type, parameter, folded, exact FROM staged.string WHERE batch = $1'),
('date', 'INSERT INTO LAYOUT.date (id, type, parameter, low, high) SELECT id, type, parameter, low, high FROM staged.date WHERE batch = $1'),
('quantity', 'INSERT INTO LAYOUT.quantity (id, type, parameter, low, high, system, code) SELECT id, type, parameter, low, high, system, code FROM staged.quantity WHERE batch = $1'),
('uri', 'INSERT INTO LAYOUT.uri (id, type, parameter, uri) SELECT id, type, parameter, uri FROM staged.uri WHERE batch = $1')) AS s(about, sql);
