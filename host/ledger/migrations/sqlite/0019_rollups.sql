-- What many ends come to, so that nobody reads a year of runs to draw it. With a schedule, its ends by hour; with a handler,
-- those of its calls without a schedule by hour; with neither, all by quarter of an hour.
CREATE TABLE rollup (
    schedule    TEXT    NOT NULL,
    handler     TEXT    NOT NULL,
    -- the begin of the hour or quarter, UTC
    since       INTEGER NOT NULL,
    state       INTEGER NOT NULL,
    -- the kind of reason why they never ran; empty if they did
    reason      TEXT    NOT NULL,
    ends        INTEGER NOT NULL,
    wall_ms     INTEGER NOT NULL,
    wall_ms_max INTEGER NOT NULL,
    PRIMARY KEY (schedule, handler, since, state, reason)
) WITHOUT ROWID;
CREATE INDEX rollup_old ON rollup (since);

-- Up to where ends are counted, in the order of their instants and ids.
CREATE TABLE rollup_mark (
    id          INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    finished_at INTEGER NOT NULL,
    run_id      BLOB    NOT NULL,
    revision    INTEGER NOT NULL
);
INSERT INTO rollup_mark (id, finished_at, run_id, revision) VALUES (1, 0, x'00000000000000000000000000000000', 0);

-- Ends that were written so long after they were that the mark may have passed them.
CREATE TABLE rollup_late (
    run_id BLOB NOT NULL PRIMARY KEY
) WITHOUT ROWID;
