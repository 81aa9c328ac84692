-- What many ends come to, so that nobody reads a year of runs to draw it. With a schedule, its ends by hour; with a handler,
-- those of its calls without a schedule by hour; with neither, all by quarter of an hour.
CREATE TABLE rollup (
    schedule    text   NOT NULL,
    handler     text   NOT NULL,
    -- the begin of the hour or quarter, UTC
    since       bigint NOT NULL,
    state       bigint NOT NULL,
    -- the kind of reason why they never ran; empty if they did
    reason      text   NOT NULL,
    ends        bigint NOT NULL,
    wall_ms     bigint NOT NULL,
    wall_ms_max bigint NOT NULL,
    PRIMARY KEY (schedule, handler, since, state, reason)
    -- Rows of the present hour change often: the new version finds room beside the old one.
) WITH (fillfactor = 70);
CREATE INDEX rollup_old ON rollup (since);

-- Up to where ends are counted, in the order of their instants and ids.
CREATE TABLE rollup_mark (
    id          bigint NOT NULL PRIMARY KEY CHECK (id = 1),
    finished_at bigint NOT NULL,
    run_id      uuid   NOT NULL,
    revision    bigint NOT NULL
) WITH (fillfactor = 20);
INSERT INTO rollup_mark (id, finished_at, run_id, revision) VALUES (1, 0, '00000000-0000-0000-0000-000000000000', 0);

-- Ends that were written so long after they were that the mark may have passed them.
CREATE TABLE rollup_late (
    run_id uuid NOT NULL PRIMARY KEY
);
