-- Submissions that were taken, with their counts. One that is handed over again under its id (a file whose move was cut off, a
-- client that heard no answer) is told these and not taken twice, not even if its timetable is repeatable.
CREATE TABLE submission (
    id            uuid   NOT NULL PRIMARY KEY,
    schedule      text   COLLATE "C" NOT NULL,
    accepted      bigint NOT NULL,
    duplicate     bigint NOT NULL,
    out_of_window bigint NOT NULL,
    expired       bigint NOT NULL,
    created_at    bigint NOT NULL
);
CREATE INDEX submission_created ON submission (created_at, id);
