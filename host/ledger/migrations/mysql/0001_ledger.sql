-- Times are unix milliseconds. Ids are the 16 bytes of a UUID. Columns that are read by this program alone are JSON.
-- {bytes} is the collation that compares text byte by byte, blanks at the end too: MySQL and MariaDB have no name for it in
-- common. Statements end with a `;` at the end of a line, those with a body with the line `END;`.

-- One row per identity of a fire: a run, or the reason why there was none. The row carries its newest attempt, so that a
-- usual run is one row. Ids are of version 7, so new rows go to the end and a listing by id is newest first.
CREATE TABLE run (
    id                BINARY(16)   NOT NULL PRIMARY KEY,
    key_hash          BINARY(16)   NOT NULL,
    key_text          LONGTEXT     NOT NULL,
    -- 0 ready, 1 running, 2 succeeded, 3 failed, 4 cancelled, 5 skipped, 6 expired
    state             TINYINT      NOT NULL CHECK (state BETWEEN 0 AND 6),
    -- the order: fixed when the run is claimed
    schedule          VARCHAR(255),
    handler           VARCHAR(300) NOT NULL,
    due_at            BIGINT       NOT NULL,
    due_until         BIGINT,
    due_count         BIGINT,
    -- 0 schedule, 1 manual, 2 enqueued
    cause             TINYINT      NOT NULL,
    late              TINYINT      NOT NULL,
    input             LONGTEXT     NOT NULL,
    window_from       BIGINT,
    window_to         BIGINT,
    timezone          VARCHAR(255) NOT NULL,
    max_attempts      BIGINT       NOT NULL,
    backoff_ms        BIGINT       NOT NULL,
    backoff_cap_ms    BIGINT       NOT NULL,
    timeout_ms        BIGINT,
    trace_id          VARCHAR(255) NOT NULL,
    -- the lease
    not_before        BIGINT       NOT NULL,
    host              BINARY(16),
    fence             BIGINT       NOT NULL,
    attempt           BIGINT       NOT NULL,
    lease_until       BIGINT,
    cancel_asked      TINYINT      NOT NULL DEFAULT 0,
    -- the newest attempt
    started_at        BIGINT,
    finished_at       BIGINT,
    outcome           LONGTEXT,
    plugin_name       VARCHAR(255),
    plugin_version    LONGTEXT,
    plugin_sha256     VARCHAR(255),
    wall_ms           BIGINT       NOT NULL DEFAULT 0,
    cpu_ms            BIGINT       NOT NULL DEFAULT 0,
    peak_memory_bytes BIGINT       NOT NULL DEFAULT 0,
    reason            LONGTEXT,
    created_at        BIGINT       NOT NULL,
    -- whether an attempt has begun
    begun             TINYINT GENERATED ALWAYS AS (started_at IS NOT NULL) VIRTUAL,
    UNIQUE INDEX run_key (key_hash),
    -- An index holds all rows, so those that serve few of them begin with what tells these apart. Each ends in the id: they
    -- serve "oldest first" and "newest first" as they are.
    INDEX run_lapsing  (state, lease_until),
    INDEX run_over     (finished_at),
    INDEX run_failed   (state),
    INDEX run_schedule (schedule),
    INDEX run_begun    (schedule, begun)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- Attempts after which a run became ready again. The fence, not the number, tells them apart: an attempt that is not
-- counted shares its number with the next one.
CREATE TABLE attempt (
    run_id            BINARY(16) NOT NULL,
    fence             BIGINT     NOT NULL,
    attempt           BIGINT     NOT NULL,
    outcome           LONGTEXT   NOT NULL,
    plugin_name       VARCHAR(255),
    plugin_version    LONGTEXT,
    plugin_sha256     VARCHAR(255),
    started_at        BIGINT     NOT NULL,
    finished_at       BIGINT     NOT NULL,
    wall_ms           BIGINT     NOT NULL,
    cpu_ms            BIGINT     NOT NULL,
    peak_memory_bytes BIGINT     NOT NULL,
    PRIMARY KEY (run_id, fence)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- What an attempt said; no row if it said nothing.
CREATE TABLE log (
    run_id  BINARY(16) NOT NULL,
    fence   BIGINT     NOT NULL,
    attempt BIGINT     NOT NULL,
    "lines" LONGTEXT   NOT NULL,
    dropped BIGINT     NOT NULL,
    PRIMARY KEY (run_id, fence)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- What handlers remember, committed with the run that wrote it.
CREATE TABLE state (
    scope    VARCHAR(300) NOT NULL,
    "key"    VARCHAR(400) NOT NULL,
    value    LONGBLOB     NOT NULL,
    revision BIGINT       NOT NULL,
    PRIMARY KEY (scope, "key")
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- A schedule that left the list keeps its row: if it comes back, its anchor and its pause are still there.
CREATE TABLE schedule (
    name             VARCHAR(255) NOT NULL PRIMARY KEY,
    owner            LONGTEXT     NOT NULL,
    definition       LONGTEXT     NOT NULL,
    anchor           BIGINT       NOT NULL,
    "cursor"         BIGINT       NOT NULL,
    pause            LONGTEXT,
    last_success_due BIGINT,
    removed_at       BIGINT
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};
