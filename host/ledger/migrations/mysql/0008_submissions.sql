-- Submissions that were taken, with their counts. One that is handed over again under its id (a file whose move was cut off, a
-- client that heard no answer) is told these and not taken twice, not even if its timetable is repeatable.
CREATE TABLE submission (
    id            BINARY(16)   NOT NULL PRIMARY KEY,
    schedule      VARCHAR(255) NOT NULL,
    accepted      BIGINT       NOT NULL,
    duplicate     BIGINT       NOT NULL,
    out_of_window BIGINT       NOT NULL,
    expired       BIGINT       NOT NULL,
    created_at    BIGINT       NOT NULL,
    INDEX submission_created (created_at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};
