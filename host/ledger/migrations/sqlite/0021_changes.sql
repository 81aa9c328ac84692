-- What was changed of the definitions of schedules: the newest changes of each.
CREATE TABLE schedule_change (
    schedule TEXT    NOT NULL,
    -- counted from 1 for each schedule
    number   INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    -- a file with its line, a client of the API, a table that somebody edited
    writer   TEXT    NOT NULL,
    body     TEXT    NOT NULL,
    PRIMARY KEY (schedule, number)
) WITHOUT ROWID;
CREATE INDEX schedule_change_at ON schedule_change (at);
