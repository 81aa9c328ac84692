-- Submissions that were taken, with their counts. One that is handed over again under its id (a file whose move was cut off, a
-- client that heard no answer) is told these and not taken twice, not even if its timetable is repeatable.
CREATE TABLE submission (
    id            BLOB    NOT NULL PRIMARY KEY,
    schedule      TEXT    NOT NULL,
    accepted      INTEGER NOT NULL,
    duplicate     INTEGER NOT NULL,
    out_of_window INTEGER NOT NULL,
    expired       INTEGER NOT NULL,
    created_at    INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX submission_created ON submission (created_at);
