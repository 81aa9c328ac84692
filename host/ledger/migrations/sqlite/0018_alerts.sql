-- What went wrong, or went well again, written with what records it and read once, when it is judged by the rules of alerts.
CREATE TABLE notice (
    seq     INTEGER NOT NULL PRIMARY KEY,
    at      INTEGER NOT NULL,
    subject TEXT    NOT NULL,
    body    TEXT    NOT NULL
);
CREATE INDEX notice_subject ON notice (subject);

-- What a rule has to tell about one subject, until all is well again.
CREATE TABLE incident (
    id       BLOB    NOT NULL PRIMARY KEY,
    subject  TEXT    NOT NULL,
    -- 0 counting, 1 open, 2 closed
    state    INTEGER NOT NULL CHECK (state BETWEEN 0 AND 2),
    -- for a reminder
    look_at  INTEGER,
    ended_at INTEGER,
    body     TEXT    NOT NULL
) WITHOUT ROWID;
CREATE INDEX incident_live    ON incident (subject)  WHERE state < 2;
CREATE INDEX incident_look    ON incident (look_at)  WHERE state < 2;
CREATE INDEX incident_open    ON incident (id)       WHERE state = 1;
CREATE INDEX incident_over    ON incident (ended_at) WHERE state = 2;
CREATE INDEX incident_subject ON incident (subject, id);

-- A message about an incident, to one sink.
CREATE TABLE alert (
    seq         INTEGER NOT NULL PRIMARY KEY,
    -- what receivers see
    id          TEXT    NOT NULL,
    incident    BLOB    NOT NULL,
    sink        TEXT    NOT NULL,
    -- 0 waiting, 1 sending, 2 sent, 3 dead, 4 dropped
    state       INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
    attempts    INTEGER NOT NULL DEFAULT 0,
    not_before  INTEGER NOT NULL,
    give_up_at  INTEGER NOT NULL,
    -- the lease
    host        BLOB,
    fence       INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    -- the newest try, and what came of it
    tried_at    INTEGER,
    status      INTEGER,
    answer      TEXT,
    created_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    body        TEXT    NOT NULL
);
CREATE INDEX alert_due      ON alert (sink, not_before)  WHERE state = 0;
CREATE INDEX alert_lapsing  ON alert (lease_until)       WHERE state = 1;
CREATE INDEX alert_giving   ON alert (give_up_at)        WHERE state = 0;
CREATE INDEX alert_tried    ON alert (tried_at)          WHERE tried_at IS NOT NULL;
CREATE INDEX alert_over     ON alert (ended_at)          WHERE state >= 2;
CREATE INDEX alert_incident ON alert (incident, sink, seq);
CREATE INDEX alert_sink_of  ON alert (sink, seq);

-- Sinks that said that they are gone for good, under the settings that they had then.
CREATE TABLE alert_sink (
    sink    TEXT    NOT NULL PRIMARY KEY,
    marks   TEXT    NOT NULL,
    gone_at INTEGER NOT NULL
) WITHOUT ROWID;

-- One row: who has its lock judges, or leases messages.
CREATE TABLE alerting (id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1));
INSERT INTO alerting (id) VALUES (1);

-- When it was noted that a host went away without a word.
ALTER TABLE host ADD COLUMN lost_at INTEGER;
