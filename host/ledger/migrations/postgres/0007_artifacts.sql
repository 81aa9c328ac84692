-- The files that handlers attached to their runs: those of one attempt, the newest that attached any.
CREATE TABLE artifact (
    run_id     uuid   NOT NULL,
    name       text   COLLATE "C" NOT NULL,
    attempt    bigint NOT NULL,
    media_type text   NOT NULL,
    sha256     text   NOT NULL,
    bytes      bigint NOT NULL,
    content    bytea  NOT NULL,
    PRIMARY KEY (run_id, name)
) PARTITION BY RANGE (run_id);
CREATE TABLE artifact_rest PARTITION OF artifact DEFAULT;

-- Part of the order: smaller schedules whose work is part of the run, with their inputs. JSON; null for nearly all.
ALTER TABLE run ADD COLUMN includes text;
