-- A row per value, found by the number of its resource; systems, units and types of identifiers are numbers too, and a
-- reference carries the number of its target. :dedup says how the B-trees are made:
--   false   the resource's number ends each key: values come in the order of resources, no two entries are equal
--   true    keys of the value alone: equal ones share an entry, and the resources of a value must be sorted
DROP SCHEMA IF EXISTS :schema CASCADE;
CREATE SCHEMA :schema;
SET search_path = :schema;

CREATE TABLE resource (
  number bigint NOT NULL, version bigint NOT NULL, last_updated bigint NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx xid8, type smallint NOT NULL, deleted boolean NOT NULL DEFAULT false, id text COLLATE "C" NOT NULL,
  body bytea COMPRESSION lz4, PRIMARY KEY (number, version));
CREATE UNIQUE INDEX resource_head ON resource (type, id) WHERE closed_tx IS NULL;
CREATE INDEX resource_number ON resource (type, number) WHERE closed_tx IS NULL;
CREATE INDEX resource_updated ON resource (type, last_updated DESC, number);

CREATE TABLE token (
  number bigint NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8, system int NOT NULL,
  type smallint NOT NULL, parameter smallint NOT NULL, identifier_type int NOT NULL, code text COLLATE "C" NOT NULL);
CREATE TABLE reference (
  number bigint NOT NULL, target bigint NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8,
  type smallint NOT NULL, parameter smallint NOT NULL, target_type smallint NOT NULL);
CREATE TABLE string (
  number bigint NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8, type smallint NOT NULL,
  parameter smallint NOT NULL, folded text COLLATE "C" NOT NULL, exact text COLLATE "C" NOT NULL);
CREATE TABLE date (
  number bigint NOT NULL, low bigint NOT NULL, high bigint NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx xid8, type smallint NOT NULL, parameter smallint NOT NULL);
CREATE TABLE quantity (
  number bigint NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8, system int NOT NULL, code int NOT NULL,
  type smallint NOT NULL, parameter smallint NOT NULL, low numeric NOT NULL, high numeric NOT NULL);
CREATE TABLE uri (
  number bigint NOT NULL, made_tx xid8 NOT NULL DEFAULT pg_current_xact_id(), closed_tx xid8, type smallint NOT NULL,
  parameter smallint NOT NULL, uri text COLLATE "C" NOT NULL);
\if :dedup
CREATE INDEX token_value ON token (parameter, type, code, system) WHERE closed_tx IS NULL;
CREATE INDEX token_resource ON token (number) WHERE closed_tx IS NULL;
CREATE INDEX reference_value ON reference (target, parameter, type) WHERE closed_tx IS NULL;
CREATE INDEX reference_resource ON reference (number) WHERE closed_tx IS NULL;
CREATE INDEX string_value ON string (parameter, type, folded) WHERE closed_tx IS NULL;
CREATE INDEX string_resource ON string (number) WHERE closed_tx IS NULL;
CREATE INDEX date_value ON date (parameter, type, low, high, number) WHERE closed_tx IS NULL;
CREATE INDEX date_resource ON date (number) WHERE closed_tx IS NULL;
CREATE INDEX quantity_value ON quantity (parameter, type, low, high) WHERE closed_tx IS NULL;
CREATE INDEX quantity_resource ON quantity (number) WHERE closed_tx IS NULL;
CREATE INDEX uri_value ON uri (parameter, type, uri) WHERE closed_tx IS NULL;
CREATE INDEX uri_resource ON uri (number) WHERE closed_tx IS NULL;
\else
CREATE INDEX token_value ON token (parameter, type, code, system, number) WHERE closed_tx IS NULL;
CREATE INDEX token_resource ON token (number, parameter) WHERE closed_tx IS NULL;
CREATE INDEX reference_value ON reference (target, parameter, type, number) WHERE closed_tx IS NULL;
CREATE INDEX reference_resource ON reference (number, parameter) WHERE closed_tx IS NULL;
CREATE INDEX string_value ON string (parameter, type, folded, number) WHERE closed_tx IS NULL;
CREATE INDEX string_resource ON string (number, parameter) WHERE closed_tx IS NULL;
CREATE INDEX date_value ON date (parameter, type, low, high, number) WHERE closed_tx IS NULL;
CREATE INDEX date_resource ON date (number, parameter) WHERE closed_tx IS NULL;
CREATE INDEX quantity_value ON quantity (parameter, type, low, high, number) WHERE closed_tx IS NULL;
CREATE INDEX quantity_resource ON quantity (number, parameter) WHERE closed_tx IS NULL;
CREATE INDEX uri_value ON uri (parameter, type, uri, number) WHERE closed_tx IS NULL;
CREATE INDEX uri_resource ON uri (number, parameter) WHERE closed_tx IS NULL;
\endif
CREATE STATISTICS token_skew (mcv, dependencies) ON parameter, type, code FROM token;

CREATE TABLE statement (about text, sql text);
INSERT INTO statement
SELECT about, replace(sql, 'LAYOUT', :'schema') FROM (VALUES
('resource', 'INSERT INTO LAYOUT.resource (number, type, id, version, last_updated, body) SELECT number, type, id, version, last_updated, body FROM staged.resource WHERE batch = $1'),
('token', 'INSERT INTO LAYOUT.token (number, type, parameter, system, code, identifier_type) SELECT number, type, parameter, system_number, code, identifier_type_number FROM staged.token WHERE batch = $1'),
('reference', 'INSERT INTO LAYOUT.reference (number, type, parameter, target_type, target) SELECT number, type, parameter, target_type, target_number FROM staged.reference WHERE batch = $1'),
('string', 'INSERT INTO LAYOUT.string (number, type, parameter, folded, exact) SELECT number, type, parameter, folded, exact FROM staged.string WHERE batch = $1'),
('date', 'INSERT INTO LAYOUT.date (number, type, parameter, low, high) SELECT number, type, parameter, low, high FROM staged.date WHERE batch = $1'),
('quantity', 'INSERT INTO LAYOUT.quantity (number, type, parameter, low, high, system, code) SELECT number, type, parameter, low, high, system_number, code_number FROM staged.quantity WHERE batch = $1'),
('uri', 'INSERT INTO LAYOUT.uri (number, type, parameter, uri) SELECT number, type, parameter, uri FROM staged.uri WHERE batch = $1')) AS s(about, sql);
