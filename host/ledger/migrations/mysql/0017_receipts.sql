-- Of each lane of a host, the number of its newest transaction: where the answer to a COMMIT was lost, it tells whether the
-- COMMIT was heard.
CREATE TABLE receipt (
    lane       BINARY(16) NOT NULL PRIMARY KEY,
    number     BIGINT     NOT NULL,
    written_at BIGINT     NOT NULL
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};
