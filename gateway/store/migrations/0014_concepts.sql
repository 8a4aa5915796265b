-- Large code systems: files on their way in, and their concepts. schema/concepts.md explains every column.

CREATE TABLE concept_piece (
  owner       text COLLATE "C" NOT NULL,
  owner_kind  smallint         NOT NULL,
  upload      text COLLATE "C" NOT NULL,
  piece       integer          NOT NULL,
  body        bytea            NOT NULL,
  created_at  timestamptz      NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (owner, owner_kind, upload, piece)
);
ALTER TABLE concept_piece ALTER COLUMN body SET STORAGE EXTERNAL;

CREATE TABLE concept_load (
  load         text COLLATE "C" NOT NULL,
  url          text COLLATE "C" NOT NULL,
  concepts     bigint           NOT NULL,
  head         bytea            NOT NULL,
  finished_at  timestamptz      NOT NULL DEFAULT clock_timestamp(),
  unused_at    timestamptz,
  PRIMARY KEY (load)
);

-- Numbers from 0 are pages of concepts; those below are the skeleton, cut, from -1 downwards.
CREATE TABLE concept_page (
  load        text COLLATE "C" NOT NULL,
  page        integer          NOT NULL,
  body        bytea            NOT NULL,
  created_at  timestamptz      NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (load, page)
);
ALTER TABLE concept_page ALTER COLUMN body SET STORAGE EXTERNAL;
