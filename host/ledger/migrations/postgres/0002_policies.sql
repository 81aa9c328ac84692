-- What queues, what expires, how often a schedule has run. `cause` knows two more: 3 after, 4 backfill.

-- Waits its turn: not leased before the runs of its schedule that stand before it are over. No longer once it was leased.
ALTER TABLE run ADD COLUMN queued bigint NOT NULL DEFAULT 0;
-- Part of the order: when the first attempt has to begin, and when any.
ALTER TABLE run ADD COLUMN start_by bigint;
ALTER TABLE run ADD COLUMN expires_at bigint;
-- When the next attempt of a ready run has to begin. A run that was ready twice has an outcome, whether or not it counts.
ALTER TABLE run ADD COLUMN begins_by bigint GENERATED ALWAYS AS (
    CASE WHEN outcome IS NULL THEN least(start_by, expires_at) ELSE expires_at END
) STORED;

-- How often it has run because it came due.
ALTER TABLE schedule ADD COLUMN runs bigint NOT NULL DEFAULT 0;

-- As before, with the few that are queued apart from the many that are not.
DROP INDEX run_ready;
DROP INDEX run_live;
CREATE INDEX run_ready    ON run (queued, not_before, id)           WHERE state = 0;
CREATE INDEX run_live     ON run (schedule, queued, not_before, id) WHERE state < 2 AND schedule IS NOT NULL;

-- Empty for most ledgers, so that asking costs nothing.
CREATE INDEX run_queued   ON run (schedule, id)                 WHERE state = 0 AND queued = 1;
CREATE INDEX run_expiring ON run (begins_by, id)                WHERE state = 0 AND begins_by IS NOT NULL;

-- The rows of an instant that its keys do not find: one for many instants, a fire by hand.
CREATE INDEX run_span     ON run (schedule, due_until, due_at)  WHERE due_count IS NOT NULL;
CREATE INDEX run_manual   ON run (schedule, due_at)             WHERE cause = 1;
