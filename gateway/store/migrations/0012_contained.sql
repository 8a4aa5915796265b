-- Resources that stand inside others, for searches with _contained. schema/resources.md explains every column. Their index
-- rows stand in the idx tables under the negative number of their type.
--
-- A release that does not know them leaves their rows as they are when it writes a container: $reindex makes them right,
-- and makes those of what was stored before.

CREATE TABLE contained_resource (
  id              text COLLATE "C" NOT NULL,
  type            smallint         NOT NULL CHECK (type < 0),
  container_type  smallint         NOT NULL,
  container_id    text COLLATE "C" NOT NULL,
  made_tx         xid8             NOT NULL DEFAULT pg_current_xact_id(),
  closed_tx       xid8
);
-- A walk of those of one type, and a look at one.
CREATE INDEX contained_resource_type ON contained_resource (type, id, closed_tx);
-- A walk of the containers, and those that one container has.
CREATE INDEX contained_resource_container ON contained_resource (type, container_type, container_id, id, closed_tx);
CREATE INDEX contained_resource_of ON contained_resource (container_id, container_type, closed_tx);
CREATE INDEX contained_resource_closed ON contained_resource (closed_tx) WHERE closed_tx IS NOT NULL;
