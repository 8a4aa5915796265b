-- Long work that any node takes up and goes on with. schema/jobs.md explains every column.

CREATE TABLE job (
  id           text COLLATE "C" NOT NULL,
  kind         text COLLATE "C" NOT NULL,
  owner_kind   smallint         NOT NULL,
  owner        text COLLATE "C" NOT NULL,
  parameters   bytea            NOT NULL,
  state        text             NOT NULL DEFAULT 'accepted'
                                CHECK (state IN ('accepted', 'running', 'done', 'failed', 'cancelled')),
  position     bytea            NOT NULL DEFAULT '',
  done         bigint           NOT NULL DEFAULT 0,
  total        bigint,
  result       bytea COMPRESSION lz4,
  reason       text,
  failures     integer          NOT NULL DEFAULT 0,
  lease        bigint           NOT NULL DEFAULT 0,
  lease_until  timestamptz,
  due_at       timestamptz      NOT NULL DEFAULT clock_timestamp(),
  lifetime_ms  bigint           NOT NULL,
  created_at   timestamptz      NOT NULL DEFAULT clock_timestamp(),
  finished_at  timestamptz,
  expires_at   timestamptz,
  PRIMARY KEY (id)
);

CREATE INDEX job_waiting ON job (due_at) WHERE state IN ('accepted', 'running');
CREATE INDEX job_open_of_owner ON job (owner, owner_kind) WHERE state IN ('accepted', 'running');
CREATE INDEX job_expiry ON job (expires_at) WHERE expires_at IS NOT NULL;

-- Files that a job hands out: stretches of the record as of a snapshot, or bytes of its own.
CREATE TABLE job_file (
  job_id    text COLLATE "C" NOT NULL,
  file      integer          NOT NULL,
  content   text             NOT NULL CHECK (content IN ('resources', 'deletions', 'bytes')),
  type      smallint         NOT NULL,
  after_id  text COLLATE "C" NOT NULL DEFAULT '',
  last_id   text COLLATE "C" NOT NULL DEFAULT '',
  rows      bigint           NOT NULL,
  print     bytea            NOT NULL DEFAULT '',
  body      bytea COMPRESSION lz4,
  PRIMARY KEY (job_id, file)
);

-- Snapshots whose closed rows are not swept.
CREATE TABLE snapshot_hold (
  job_id    text COLLATE "C" NOT NULL,
  snapshot  text             NOT NULL,
  tx        xid8             NOT NULL,
  until     timestamptz      NOT NULL,
  PRIMARY KEY (job_id)
);
