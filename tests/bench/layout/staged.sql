-- What every layout is filled from: the head rows of a gateway's own tables, numbered in the order in which the resources
-- came, in batches of 500 resources. Read from schema public, written to schema staged. :times says how often: copies have
-- ids and references of their own, and no bodies.
DROP SCHEMA IF EXISTS staged CASCADE;
CREATE SCHEMA staged;
SET search_path = staged, public;

CREATE UNLOGGED TABLE resource AS
SELECT n AS number, (n / 500)::int AS batch, type, id, version, last_updated, body
  FROM (SELECT row_number() OVER (ORDER BY last_updated, type, id) AS n, r.*
          FROM public.resource_version r WHERE closed_tx IS NULL AND NOT deleted) r;
CREATE FUNCTION copy_of(text, int) RETURNS text LANGUAGE sql IMMUTABLE RETURN CASE WHEN $2 = 0 THEN $1 ELSE $1 || '-' || $2 END;
CREATE TABLE size AS SELECT max(number) AS numbers, max(batch) + 1 AS batches FROM resource;
CREATE TABLE copy AS SELECT k FROM generate_series(1, :times - 1) k;
INSERT INTO resource
SELECT number + k * numbers, (batch + k * batches)::int, type, copy_of(id, k), version, last_updated, '{}' FROM resource, size, copy;
CREATE UNIQUE INDEX ON resource (type, id);
ANALYZE resource;
CREATE INDEX ON resource (batch);
CREATE INDEX ON resource (number);

-- Texts that repeat, by a number each: systems, and the types of identifiers.
CREATE TABLE name (number int GENERATED ALWAYS AS IDENTITY, text text COLLATE "C" PRIMARY KEY);
INSERT INTO name (text)
SELECT system FROM idx_token UNION SELECT identifier_type FROM idx_token UNION SELECT system FROM idx_quantity
 UNION SELECT code FROM idx_quantity ORDER BY 1;

CREATE FUNCTION hash(VARIADIC parts text[]) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN hashtextextended(array_to_string(parts, E'\x01'), 0);

CREATE TABLE head AS SELECT r.number, r.batch, r.type, r.id, o.id AS original, o.k FROM resource r
  JOIN (SELECT type, id, copy_of(id, k) AS copied, k FROM public.resource_version, (SELECT 0 AS k UNION ALL TABLE copy) c
         WHERE closed_tx IS NULL AND NOT deleted) o ON o.type = r.type AND o.copied = r.id;
CREATE INDEX ON head (type, original);
ANALYZE head;

CREATE UNLOGGED TABLE token AS
SELECT r.number, r.batch, r.type, t.parameter, r.id, t.system, t.code, t.identifier_type,
       s.number AS system_number, i.number AS identifier_type_number
  FROM idx_token t JOIN head r ON r.type = t.type AND r.original = t.id JOIN name s ON s.text = t.system JOIN name i ON i.text = t.identifier_type
 WHERE t.closed_tx IS NULL ORDER BY r.number, t.parameter;
-- A reference to a resource that is here carries its number; one to anything else a number made of its text.
CREATE UNLOGGED TABLE reference AS
SELECT r.number, r.batch, r.type, t.parameter, r.id, t.target_type, coalesce(o.id, t.target) AS target,
       coalesce(o.number, -abs(hash(t.target_type::text, t.target))) AS target_number
  FROM idx_reference t JOIN head r ON r.type = t.type AND r.original = t.id
  LEFT JOIN resource o ON o.type = t.target_type AND o.id = copy_of(t.target, r.k)
 WHERE t.closed_tx IS NULL ORDER BY r.number, t.parameter;
CREATE UNLOGGED TABLE string AS
SELECT r.number, r.batch, r.type, t.parameter, r.id, t.folded, t.exact FROM idx_string t JOIN head r ON r.type = t.type AND r.original = t.id
 WHERE t.closed_tx IS NULL ORDER BY r.number, t.parameter;
CREATE UNLOGGED TABLE date AS
SELECT r.number, r.batch, r.type, t.parameter, r.id, t.low, t.high FROM idx_date t JOIN head r ON r.type = t.type AND r.original = t.id
 WHERE t.closed_tx IS NULL ORDER BY r.number, t.parameter;
CREATE UNLOGGED TABLE quantity AS
SELECT r.number, r.batch, r.type, t.parameter, r.id, t.low, t.high, t.system, t.code, s.number AS system_number, c.number AS code_number
  FROM idx_quantity t JOIN head r ON r.type = t.type AND r.original = t.id JOIN name s ON s.text = t.system JOIN name c ON c.text = t.code
 WHERE t.closed_tx IS NULL ORDER BY r.number, t.parameter;
CREATE UNLOGGED TABLE uri AS
SELECT r.number, r.batch, r.type, t.parameter, r.id, t.uri FROM idx_uri t JOIN head r ON r.type = t.type AND r.original = t.id
 WHERE t.closed_tx IS NULL ORDER BY r.number, t.parameter;

-- One array of hashes per resource: (type, parameter, code) and (type, parameter, system, code) of a token, (type,
-- parameter, target) of a reference, (type, parameter, uri) of a uri.
CREATE UNLOGGED TABLE keys AS
SELECT r.number, r.batch, r.type, array_agg(DISTINCT k.key) AS keys
  FROM resource r JOIN (
    SELECT number, hash('t', type::text, parameter::text, code) AS key FROM token
    UNION ALL SELECT number, hash('s', type::text, parameter::text, system, code) FROM token
    UNION ALL SELECT number, hash('r', type::text, parameter::text, target_number::text) FROM reference
    UNION ALL SELECT number, hash('u', type::text, parameter::text, uri) FROM uri) k USING (number)
 GROUP BY 1, 2, 3 ORDER BY 1;

-- One document per resource: {"parameter": ["system|code", "|code", …]}.
CREATE UNLOGGED TABLE document AS
SELECT number, batch, type, jsonb_object_agg(parameter, texts) AS found
  FROM (SELECT number, batch, type, parameter, jsonb_agg(DISTINCT text) AS texts
          FROM (SELECT number, batch, type, parameter, '|' || code AS text FROM token
                UNION ALL SELECT number, batch, type, parameter, system || '|' || code FROM token
                UNION ALL SELECT number, batch, type, parameter, target_number::text FROM reference
                UNION ALL SELECT number, batch, type, parameter, uri FROM uri) v
         GROUP BY 1, 2, 3, 4) p
 GROUP BY 1, 2, 3 ORDER BY 1;

CREATE INDEX ON token (batch);
CREATE INDEX ON token (number);
CREATE INDEX ON reference (batch);
CREATE INDEX ON reference (number);
CREATE INDEX ON string (batch);
CREATE INDEX ON string (number);
CREATE INDEX ON date (batch);
CREATE INDEX ON date (number);
CREATE INDEX ON quantity (batch);
CREATE INDEX ON quantity (number);
CREATE INDEX ON uri (batch);
CREATE INDEX ON uri (number);
CREATE INDEX ON keys (batch);
CREATE INDEX ON keys (number);
CREATE INDEX ON document (batch);
CREATE INDEX ON document (number);

-- Processor time of this backend, in milliseconds; the kernel counts in steps of ten.
CREATE FUNCTION cpu_ms() RETURNS bigint LANGUAGE sql VOLATILE AS $$
  SELECT (f[12]::bigint + f[13]::bigint) * 10
    FROM (SELECT string_to_array(substr(s, strpos(s, ') ') + 2), ' ') FROM pg_read_file('/proc/self/stat') s) x(f)
$$;

-- Runs a layout's statements for one batch after another, each batch a transaction; $1 in them is the batch.
CREATE PROCEDURE fill(statements text[]) LANGUAGE plpgsql AS $$
DECLARE statement text;
BEGIN
  FOR b IN 0 .. (SELECT max(batch) FROM staged.resource) LOOP
    FOREACH statement IN ARRAY statements LOOP
      EXECUTE statement USING b;
    END LOOP;
    COMMIT;
  END LOOP;
END $$;
-- The same for single resources: those of the last numbers, a transaction each; $1 is the number.
CREATE PROCEDURE fill_one_by_one(statements text[], resources int) LANGUAGE plpgsql AS $$
DECLARE statement text; last bigint := (SELECT max(number) FROM staged.resource);
BEGIN
  FOR n IN last - resources + 1 .. last LOOP
    FOREACH statement IN ARRAY statements LOOP
      EXECUTE replace(statement, 'batch = $1', 'number = $1') USING n;
    END LOOP;
    COMMIT;
  END LOOP;
END $$;
VACUUM ANALYZE resource, token, reference, string, date, quantity, uri, keys, document, name;
