-- Times are unix milliseconds. Ids are the 16 bytes of a UUID. Columns that are read by this program alone are JSON.

-- One row per identity of a fire: a run, or the reason why there was none. The row carries its newest attempt, so that a
-- usual run is one row. Ids are of version 7, so new rows go to the end and a listing by id is newest first.
CREATE TABLE run (
    id                BLOB    NOT NULL PRIMARY KEY,
    key_hash          BLOB    NOT NULL UNIQUE,
    key_text          TEXT    NOT NULL,
    -- 0 ready, 1 running, 2 succeeded, 3 failed, 4 cancelled, 5 skipped, 6 expired
    state             INTEGER NOT NULL CHECK (state BETWEEN 0 AND 6),
    -- the order: fixed when the run is claimed
    schedule          TEXT,
    handler           TEXT    NOT NULL,
    due_at            INTEGER NOT NULL,
    due_until         INTEGER,
    due_count         INTEGER,
    -- 0 schedule, 1 manual, 2 enqueued
    cause             INTEGER NOT NULL,
    late              INTEGER NOT NULL,
    input             TEXT    NOT NULL,
    window_from       INTEGER,
    window_to         INTEGER,
    timezone          TEXT    NOT NULL,
    max_attempts      INTEGER NOT NULL,
    backoff_ms        INTEGER NOT NULL,
    backoff_cap_ms    INTEGER NOT NULL,
    timeout_ms        INTEGER,
    trace_id          TEXT    NOT NULL,
    -- the lease
    not_before        INTEGER NOT NULL,
    host              BLOB,
    fence             INTEGER NOT NULL,
    attempt           INTEGER NOT NULL,
    lease_until       INTEGER,
    cancel_asked      INTEGER NOT NULL DEFAULT 0,
    -- the newest attempt
    started_at        INTEGER,
    finished_at       INTEGER,
    outcome           TEXT,
    plugin_name       TEXT,
    plugin_version    TEXT,
    plugin_sha256     TEXT,
    wall_ms           INTEGER NOT NULL DEFAULT 0,
    cpu_ms            INTEGER NOT NULL DEFAULT 0,
    peak_memory_bytes INTEGER NOT NULL DEFAULT 0,
    reason            TEXT,
    created_at        INTEGER NOT NULL
) WITHOUT ROWID;

-- Without rowids every index ends in the id: these serve "oldest first" and "newest first" as they are.
CREATE INDEX run_ready    ON run (not_before)  WHERE state = 0;
CREATE INDEX run_lapsing  ON run (lease_until) WHERE state = 1;
CREATE INDEX run_live     ON run (schedule)    WHERE state < 2;
CREATE INDEX run_over     ON run (finished_at) WHERE state >= 2;
CREATE INDEX run_failed   ON run (id)          WHERE state = 3;
CREATE INDEX run_schedule ON run (schedule);
CREATE INDEX run_begun    ON run (schedule)    WHERE started_at IS NOT NULL;

-- Attempts after which a run became ready again. The fence, not the number, tells them apart: an attempt that is not
-- counted shares its number with the next one.
CREATE TABLE attempt (
    run_id            BLOB    NOT NULL,
    fence             INTEGER NOT NULL,
    attempt           INTEGER NOT NULL,
    outcome           TEXT    NOT NULL,
    plugin_name       TEXT,
    plugin_version    TEXT,
    plugin_sha256     TEXT,
    started_at        INTEGER NOT NULL,
    finished_at       INTEGER NOT NULL,
    wall_ms           INTEGER NOT NULL,
    cpu_ms            INTEGER NOT NULL,
    peak_memory_bytes INTEGER NOT NULL,
    PRIMARY KEY (run_id, fence)
) WITHOUT ROWID;

-- What an attempt said; no row if it said nothing.
CREATE TABLE log (
    run_id  BLOB    NOT NULL,
    fence   INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    lines   TEXT    NOT NULL,
    dropped INTEGER NOT NULL,
    PRIMARY KEY (run_id, fence)
);

-- What handlers remember, committed with the run that wrote it.
CREATE TABLE state (
    scope    TEXT    NOT NULL,
    key      TEXT    NOT NULL,
    value    BLOB    NOT NULL,
    revision INTEGER NOT NULL,
    PRIMARY KEY (scope, key)
);

-- A schedule that left the list keeps its row: if it comes back, its anchor and its pause are still there.
CREATE TABLE schedule (
    name             TEXT    NOT NULL PRIMARY KEY,
    owner            TEXT    NOT NULL,
    definition       TEXT    NOT NULL,
    anchor           INTEGER NOT NULL,
    cursor           INTEGER NOT NULL,
    pause            TEXT,
    last_success_due INTEGER,
    removed_at       INTEGER
);
