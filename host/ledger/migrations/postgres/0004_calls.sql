-- Who goes first, in which line a run waits, what travels with it, who carried it out.

-- Part of the order.
ALTER TABLE run ADD COLUMN priority bigint NOT NULL DEFAULT 0;
ALTER TABLE run ADD COLUMN queue    text   COLLATE "C" NOT NULL DEFAULT 'default';
-- JSON; no text if there are none.
ALTER TABLE run ADD COLUMN headers  text;

-- In `run`, the host of the newest attempt stays when that is over.
ALTER TABLE attempt ADD COLUMN host uuid;

-- One level after the other: the oldest of each is the first of its queue and priority, whatever waits in the others.
DROP INDEX run_ready;
CREATE INDEX run_ready ON run (queued, queue, priority, not_before, id) WHERE state = 0;
