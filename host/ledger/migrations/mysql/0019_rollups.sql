-- What many ends come to, so that nobody reads a year of runs to draw it. With a schedule, its ends by hour; with a handler,
-- those of its calls without a schedule by hour; with neither, all by quarter of an hour.
CREATE TABLE rollup (
    schedule    VARCHAR(255) NOT NULL,
    handler     VARCHAR(300) NOT NULL,
    -- the begin of the hour or quarter, UTC
    since       BIGINT       NOT NULL,
    state       BIGINT       NOT NULL,
    -- the kind of reason why they never ran; empty if they did
    reason      VARCHAR(64)  NOT NULL,
    ends        BIGINT       NOT NULL,
    wall_ms     BIGINT       NOT NULL,
    wall_ms_max BIGINT       NOT NULL,
    PRIMARY KEY (schedule, handler, since, state, reason),
    INDEX rollup_old (since)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- Up to where ends are counted, in the order of their instants and ids.
CREATE TABLE rollup_mark (
    id          BIGINT     NOT NULL PRIMARY KEY CHECK (id = 1),
    finished_at BIGINT     NOT NULL,
    run_id      BINARY(16) NOT NULL,
    revision    BIGINT     NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};
INSERT INTO rollup_mark (id, finished_at, run_id, revision) VALUES (1, 0, unhex('00000000000000000000000000000000'), 0);

-- Ends that were written so long after they were that the mark may have passed them.
CREATE TABLE rollup_late (
    run_id BINARY(16) NOT NULL PRIMARY KEY
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};
