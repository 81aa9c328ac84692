-- The files that handlers attached to their runs: those of one attempt, the newest that attached any. The content stands
-- last, so that a listing reads past it.
CREATE TABLE artifact (
    run_id     BLOB    NOT NULL,
    name       TEXT    NOT NULL,
    attempt    INTEGER NOT NULL,
    media_type TEXT    NOT NULL,
    sha256     TEXT    NOT NULL,
    bytes      INTEGER NOT NULL,
    content    BLOB    NOT NULL,
    PRIMARY KEY (run_id, name)
);

-- Part of the order: smaller schedules whose work is part of the run, with their inputs. JSON; null for nearly all.
ALTER TABLE run ADD COLUMN includes TEXT;
