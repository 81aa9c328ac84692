-- Requests that a client may send twice and that are done once: what their keys stand for, for a day.
CREATE TABLE keyed (
    -- of the client and its key together
    key_hash   BLOB    NOT NULL PRIMARY KEY,
    request    BLOB    NOT NULL,
    at         INTEGER NOT NULL,
    -- of HTTP; none while it is carried out
    status     INTEGER,
    media_type TEXT,
    body       BLOB
) WITHOUT ROWID;
CREATE INDEX keyed_over ON keyed (at);
