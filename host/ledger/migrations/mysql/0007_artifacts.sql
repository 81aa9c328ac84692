-- The files that handlers attached to their runs: those of one attempt, the newest that attached any. The content stands
-- last, so that a listing reads past it.
CREATE TABLE artifact (
    run_id     BINARY(16)   NOT NULL,
    name       VARCHAR(255) NOT NULL,
    attempt    BIGINT       NOT NULL,
    media_type LONGTEXT     NOT NULL,
    sha256     VARCHAR(255) NOT NULL,
    bytes      BIGINT       NOT NULL,
    content    LONGBLOB     NOT NULL,
    PRIMARY KEY (run_id, name)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- Part of the order: smaller schedules whose work is part of the run, with their inputs. JSON; null for nearly all.
ALTER TABLE run ADD COLUMN includes LONGTEXT;
