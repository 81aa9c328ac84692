-- What was changed of the definitions of schedules: the newest changes of each.
CREATE TABLE schedule_change (
    schedule text COLLATE "C" NOT NULL,
    -- counted from 1 for each schedule
    number   bigint NOT NULL,
    at       bigint NOT NULL,
    -- a file with its line, a client of the API, a table that somebody edited
    writer   text   NOT NULL,
    body     text   NOT NULL,
    PRIMARY KEY (schedule, number)
);
CREATE INDEX schedule_change_at ON schedule_change (at);
