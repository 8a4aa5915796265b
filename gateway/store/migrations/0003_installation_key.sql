-- Secrets that all nodes of one installation share, e.g. what seals the cursors of search pages. Read once at start.

CREATE TABLE installation_key (
  name     text COLLATE "C" PRIMARY KEY,
  key      bytea       NOT NULL CHECK (length(key) = 16),
  made_at  timestamptz NOT NULL DEFAULT now()
);
