-- The journal by month, and the indexes that people's searches use. schema/journal.md explains both.

-- message goes on as it is: the part that is written. What it held in past months is beside it, and all are read through these.
CREATE TABLE journal (LIKE message);
ALTER TABLE journal ADD CONSTRAINT journal_holds_nothing_itself CHECK (false) NO INHERIT;
ALTER TABLE message INHERIT journal;
CREATE TABLE journal_chunk (LIKE message_chunk);
ALTER TABLE journal_chunk ADD CONSTRAINT journal_chunk_holds_nothing_itself CHECK (false) NO INHERIT;
ALTER TABLE message_chunk INHERIT journal_chunk;

-- Of ended messages alone: one entry each, made once. Those that wait are few, and found by message_waiting.
CREATE INDEX message_by_control_id ON message (control_id) WHERE state <> 'received';
CREATE INDEX message_by_patient ON message (lane) WHERE lane IS NOT NULL AND state <> 'received';
CREATE INDEX message_by_second_patient ON message (second_lane) WHERE second_lane IS NOT NULL AND state <> 'received';
CREATE INDEX message_by_kind ON message (partner, type, id) WHERE state <> 'received';
CREATE INDEX message_by_time ON message (received_at) WHERE state <> 'received';
CREATE INDEX message_by_error ON message (error_code, id) WHERE error_code <> '' AND state <> 'received';
CREATE INDEX message_by_error_place ON message (error_place, id) WHERE error_place <> '' AND state <> 'received';
CREATE INDEX message_by_rare_end ON message (state, id DESC) WHERE state IN ('ignored', 'discarded');

-- Those of one patient alone: without its first condition the index serves questions about second lanes too, which then read all
-- that is open.
DROP INDEX message_lane;
CREATE INDEX message_lane ON message (lane, id) WHERE lane IS NOT NULL AND (state IN ('received', 'parked') OR holds);
