-- Requests that a client may send twice and that are done once: what their keys stand for, for a day.
CREATE TABLE keyed (
    -- of the client and its key together
    key_hash   bytea  NOT NULL PRIMARY KEY,
    request    bytea  NOT NULL,
    at         bigint NOT NULL,
    -- of HTTP; none while it is carried out
    status     bigint,
    media_type text,
    body       bytea
);
CREATE INDEX keyed_over ON keyed (at);
