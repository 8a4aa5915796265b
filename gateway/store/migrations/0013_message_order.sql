-- Order of messages per patient, and control ids that were used before. schema/journal.md explains the columns and who is open.

ALTER TABLE message
  ADD COLUMN lane        bigint,
  ADD COLUMN second_lane bigint,
  ADD COLUMN holds       boolean NOT NULL DEFAULT false,
  ADD COLUMN held_by     bigint,
  ADD COLUMN attempts    integer NOT NULL DEFAULT 0,
  ADD COLUMN reused_id   boolean NOT NULL DEFAULT false,
  DROP CONSTRAINT message_state_check,
  ADD CONSTRAINT message_state_check
    CHECK (state IN ('received', 'committed', 'ignored', 'refused', 'parked', 'discarded'));

-- Messages that later ones of the same patient may not overtake.
CREATE INDEX message_lane ON message (lane, id) WHERE state IN ('received', 'parked') OR holds;
CREATE INDEX message_second_lane ON message (second_lane, id)
  WHERE second_lane IS NOT NULL AND (state IN ('received', 'parked') OR holds);

-- Oldest first, whatever their bucket.
DROP INDEX message_unfinished;
CREATE INDEX message_waiting ON message (id) WHERE state = 'received';
