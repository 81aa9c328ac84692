-- What queues, what expires, how often a schedule has run. `cause` knows two more: 3 after, 4 backfill.

ALTER TABLE run
    -- Waits its turn: not leased before the runs of its schedule that stand before it are over. No longer once it was leased.
    ADD COLUMN queued     TINYINT NOT NULL DEFAULT 0,
    -- Part of the order: when the first attempt has to begin, and when any.
    ADD COLUMN start_by   BIGINT,
    ADD COLUMN expires_at BIGINT,
    -- When the next attempt of a ready run has to begin. A run that was ready twice has an outcome, whether or not it counts.
    ADD COLUMN begins_by  BIGINT GENERATED ALWAYS AS (
        CASE WHEN outcome IS NULL THEN least(coalesce(start_by, expires_at), coalesce(expires_at, start_by))
             ELSE expires_at END
    ) STORED;

-- How often it has run because it came due. Runs from before this column are not counted: some are pruned anyway.
ALTER TABLE schedule ADD COLUMN runs BIGINT NOT NULL DEFAULT 0;

ALTER TABLE run
    ADD INDEX run_live     (state, schedule, queued, not_before),
    ADD INDEX run_queued   (state, queued, schedule),
    ADD INDEX run_expiring (state, begins_by),
    -- The rows of an instant that its keys do not find: one for many instants, a fire by hand, or of a timetable.
    ADD INDEX run_span     (schedule, due_until, due_at),
    ADD INDEX run_due      (schedule, due_at);
