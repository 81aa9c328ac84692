-- Who goes first, in which line a run waits, what travels with it, who carried it out.

-- Part of the order. What is ready already goes by the default of its kind.
ALTER TABLE run ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN queue    TEXT    NOT NULL DEFAULT 'default';
-- JSON; no text if there are none.
ALTER TABLE run ADD COLUMN headers  TEXT;
UPDATE run SET priority = 10 WHERE state < 2 AND cause <> 2;

-- In `run`, the host of the newest attempt stays when that is over. Of older attempts it is not known.
ALTER TABLE attempt ADD COLUMN host BLOB;

-- One level after the other: the oldest of each is the first of its queue and priority, whatever waits in the others.
DROP INDEX run_ready;
CREATE INDEX run_ready ON run (queued, queue, priority, not_before) WHERE state = 0;
