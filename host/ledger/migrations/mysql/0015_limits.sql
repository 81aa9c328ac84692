-- Which host may take a run, and how many go on at the same time on all hosts together.

ALTER TABLE run
    -- Part of the order: what is asked of the host. JSON; no value if nothing is asked.
    ADD COLUMN runs_on LONGTEXT,
    -- What a ready run has to pass besides its place in the line: the schedule that bounds how many of its runs go on, then
    -- `/`; then what is asked of the host. Nothing for most.
    ADD COLUMN gate VARCHAR(400) NOT NULL DEFAULT '';

-- A level for each gate, too: what does not pass costs one look, however many wait there.
ALTER TABLE run
    DROP INDEX run_ready,
    ADD INDEX run_ready (state, queued, queue, priority, gate, not_before);

-- How many of its runs are under lease at the same time; no value if any number may be.
ALTER TABLE schedule ADD COLUMN concurrency BIGINT;

-- The queues whose runs are counted over all hosts: a row for whoever counts to lock.
CREATE TABLE counted_queue (
    queue VARCHAR(255) NOT NULL PRIMARY KEY
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};
