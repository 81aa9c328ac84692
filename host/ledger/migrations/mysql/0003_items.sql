-- The payloads of timetables. A key has one row for ever, or until its run is pruned; handed over again, the row says so.
CREATE TABLE item (
    -- Never used twice, so that a page that was read stays where it was.
    id          BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    key_hash    BINARY(16)   NOT NULL,
    key_text    LONGTEXT     NOT NULL,
    schedule    VARCHAR(255) NOT NULL,
    handler     VARCHAR(300) NOT NULL,
    flag        LONGTEXT     NOT NULL,
    due_at      BIGINT       NOT NULL,
    payload     LONGTEXT     NOT NULL,
    -- 0 not executed, 1 succeeded, 2 failed
    status      TINYINT      NOT NULL CHECK (status BETWEEN 0 AND 2),
    -- the newest run it was handed to, and how many they are
    run_id      BINARY(16)   NOT NULL,
    runs        BIGINT       NOT NULL,
    error       LONGTEXT,
    finished_at BIGINT,
    created_at  BIGINT       NOT NULL,
    updated_at  BIGINT       NOT NULL,
    UNIQUE INDEX item_key (key_hash),
    -- Ends in the id, which is the order in which a call gets them.
    INDEX item_run (run_id)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- How many items a run was handed, and how they stand; 0 for all runs without a timetable.
ALTER TABLE run
    ADD COLUMN items           BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN items_succeeded BIGINT NOT NULL DEFAULT 0,
    ADD COLUMN items_failed    BIGINT NOT NULL DEFAULT 0;
