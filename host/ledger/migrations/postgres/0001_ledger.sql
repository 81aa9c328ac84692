-- Times are unix milliseconds, ids are of version 7. Columns that are read by this program alone are JSON. Text that is compared
-- is compared byte by byte, whatever the database's language; flags are 0 and 1.

-- One row per identity of a fire: a run, or the reason why there was none. The row carries its newest attempt, so that a
-- usual run is one row. New rows go to the end of the key, and a listing by id is newest first. A row is written three times
-- on its way, so the dead ones are looked for before a fifth of the table is dead, which is the custom.
CREATE TABLE run (
    id                uuid   NOT NULL PRIMARY KEY,
    key_hash          bytea  NOT NULL UNIQUE,
    key_text          text   NOT NULL,
    -- 0 ready, 1 running, 2 succeeded, 3 failed, 4 cancelled, 5 skipped, 6 expired
    state             bigint NOT NULL CHECK (state BETWEEN 0 AND 6),
    -- the order: fixed when the run is claimed
    schedule          text   COLLATE "C",
    handler           text   COLLATE "C" NOT NULL,
    due_at            bigint NOT NULL,
    due_until         bigint,
    due_count         bigint,
    -- 0 schedule, 1 manual, 2 enqueued
    cause             bigint NOT NULL,
    late              bigint NOT NULL,
    input             text   NOT NULL,
    window_from       bigint,
    window_to         bigint,
    timezone          text   NOT NULL,
    max_attempts      bigint NOT NULL,
    backoff_ms        bigint NOT NULL,
    backoff_cap_ms    bigint NOT NULL,
    timeout_ms        bigint,
    trace_id          text   NOT NULL,
    -- the lease
    not_before        bigint NOT NULL,
    host              uuid,
    fence             bigint NOT NULL,
    attempt           bigint NOT NULL,
    lease_until       bigint,
    cancel_asked      bigint NOT NULL DEFAULT 0,
    -- the newest attempt
    started_at        bigint,
    finished_at       bigint,
    outcome           text,
    plugin_name       text,
    plugin_version    text,
    plugin_sha256     text,
    wall_ms           bigint NOT NULL DEFAULT 0,
    cpu_ms            bigint NOT NULL DEFAULT 0,
    peak_memory_bytes bigint NOT NULL DEFAULT 0,
    reason            text,
    created_at        bigint NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_analyze_scale_factor = 0.05);

-- Each ends in the id: they serve "oldest first" and "newest first" as they are. Calls have no schedule and stand in none of
-- those by schedule: a run is written three times, and each of its indexes with it.
CREATE INDEX run_ready    ON run (not_before, id)  WHERE state = 0;
CREATE INDEX run_lapsing  ON run (lease_until, id) WHERE state = 1;
CREATE INDEX run_live     ON run (schedule)        WHERE state < 2;
CREATE INDEX run_over     ON run (finished_at, id) WHERE state >= 2;
CREATE INDEX run_failed   ON run (id)              WHERE state = 3;
CREATE INDEX run_schedule ON run (schedule, id) WHERE schedule IS NOT NULL;
CREATE INDEX run_begun    ON run (schedule, id)    WHERE started_at IS NOT NULL AND schedule IS NOT NULL;

-- Attempts after which a run became ready again. The fence, not the number, tells them apart: an attempt that is not
-- counted shares its number with the next one. Ids begin with their time, so what is old can go part by part.
CREATE TABLE attempt (
    run_id            uuid   NOT NULL,
    fence             bigint NOT NULL,
    attempt           bigint NOT NULL,
    outcome           text   NOT NULL,
    plugin_name       text,
    plugin_version    text,
    plugin_sha256     text,
    started_at        bigint NOT NULL,
    finished_at       bigint NOT NULL,
    wall_ms           bigint NOT NULL,
    cpu_ms            bigint NOT NULL,
    peak_memory_bytes bigint NOT NULL,
    PRIMARY KEY (run_id, fence)
) PARTITION BY RANGE (run_id);
-- For what no part was made for.
CREATE TABLE attempt_rest PARTITION OF attempt DEFAULT;

-- What an attempt said; no row if it said nothing.
CREATE TABLE log (
    run_id  uuid   NOT NULL,
    fence   bigint NOT NULL,
    attempt bigint NOT NULL,
    lines   text   NOT NULL,
    dropped bigint NOT NULL,
    PRIMARY KEY (run_id, fence)
) PARTITION BY RANGE (run_id);
CREATE TABLE log_rest PARTITION OF log DEFAULT;

-- What handlers remember, committed with the run that wrote it.
CREATE TABLE state (
    scope    text   COLLATE "C" NOT NULL,
    key      text   COLLATE "C" NOT NULL,
    value    bytea  NOT NULL,
    revision bigint NOT NULL,
    PRIMARY KEY (scope, key)
);

-- A schedule that left the list keeps its row: if it comes back, its anchor and its pause are still there. Every fire moves its
-- cursor, so pages have room for that.
CREATE TABLE schedule (
    name             text   COLLATE "C" NOT NULL PRIMARY KEY,
    owner            text   NOT NULL,
    definition       text   NOT NULL,
    anchor           bigint NOT NULL,
    cursor           bigint NOT NULL,
    pause            text,
    last_success_due bigint,
    removed_at       bigint
) WITH (fillfactor = 70);
