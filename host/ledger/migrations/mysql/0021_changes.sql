-- What was changed of the definitions of schedules: the newest changes of each.
CREATE TABLE schedule_change (
    schedule VARCHAR(255) NOT NULL,
    -- counted from 1 for each schedule
    number   BIGINT       NOT NULL,
    at       BIGINT       NOT NULL,
    -- a file with its line, a client of the API, a table that somebody edited
    writer   LONGTEXT     NOT NULL,
    body     LONGTEXT     NOT NULL,
    PRIMARY KEY (schedule, number),
    INDEX schedule_change_at (at)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};
