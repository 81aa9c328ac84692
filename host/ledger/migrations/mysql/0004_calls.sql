-- Who goes first, in which line a run waits, what travels with it, who carried it out.

ALTER TABLE run
    -- Part of the order.
    ADD COLUMN priority SMALLINT     NOT NULL DEFAULT 0,
    ADD COLUMN queue    VARCHAR(255) NOT NULL DEFAULT 'default',
    -- JSON; no text if there are none.
    ADD COLUMN headers  LONGTEXT,
    -- One level after the other: the oldest of each is the first of its queue and priority, whatever waits in the others.
    ADD INDEX run_ready (state, queued, queue, priority, not_before);

-- In `run`, the host of the newest attempt stays when that is over. Of older attempts it is not known.
ALTER TABLE attempt ADD COLUMN host BINARY(16);
