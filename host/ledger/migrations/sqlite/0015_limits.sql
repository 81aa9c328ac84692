-- Which host may take a run, and how many go on at the same time on all hosts together.

-- Part of the order: what is asked of the host. JSON; no value if nothing is asked.
ALTER TABLE run ADD COLUMN runs_on TEXT;
-- What a ready run has to pass besides its place in the line: the schedule that bounds how many of its runs go on, then `/`;
-- then what is asked of the host. Nothing for most.
ALTER TABLE run ADD COLUMN gate TEXT NOT NULL DEFAULT '';

-- How many of its runs are under lease at the same time; no value if any number may be.
ALTER TABLE schedule ADD COLUMN concurrency INTEGER;

-- The queues whose runs are counted over all hosts: a row for whoever counts to lock.
CREATE TABLE counted_queue (
    queue TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;

-- A level for each gate, too: what does not pass costs one look, however many wait there.
DROP INDEX run_ready;
CREATE INDEX run_ready ON run (queued, queue, priority, gate, not_before) WHERE state = 0;
-- To count a schedule's runs under lease. Empty for most ledgers.
CREATE INDEX run_gated ON run (gate) WHERE state = 1 AND gate <> '';
