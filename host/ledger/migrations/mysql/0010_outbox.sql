-- What handlers handed over to be sent, written with the end of the attempt that counts. The number `seq` is the order in
-- which messages were written; the body stands last, so that a listing reads past it.
CREATE TABLE message (
    seq         INTEGER NOT NULL PRIMARY KEY,
    -- the fire's key and the message's number: sent as idempotency key
    id          TEXT    NOT NULL UNIQUE,
    run_id      BLOB    NOT NULL,
    plugin      TEXT    NOT NULL,
    trace_id    TEXT    NOT NULL,
    -- 0 waiting, 1 sending, 2 sent, 3 dead, 4 dropped
    state       INTEGER NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
    attempts    INTEGER NOT NULL DEFAULT 0,
    not_before  INTEGER NOT NULL,
    give_up_at  INTEGER NOT NULL,
    -- the lease
    host        BLOB,
    fence       INTEGER NOT NULL DEFAULT 0,
    lease_until INTEGER,
    -- what came of the newest try
    status      INTEGER,
    answer      TEXT,
    created_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    -- the request; of what was sent or dropped only where to and how long is kept
    method      TEXT    NOT NULL,
    destination TEXT    NOT NULL,
    bytes       INTEGER NOT NULL,
    url         TEXT    NOT NULL,
    headers     TEXT    NOT NULL,
    body        BLOB    NOT NULL
);
CREATE INDEX message_due     ON message (not_before)  WHERE state = 0;
CREATE INDEX message_lapsing ON message (lease_until) WHERE state = 1;
CREATE INDEX message_dead    ON message (seq)         WHERE state = 3;
CREATE INDEX message_over    ON message (ended_at)    WHERE state IN (2, 4);
CREATE INDEX message_run     ON message (run_id);
CREATE INDEX message_plugin  ON message (plugin);

-- How many messages the attempts of a run have left: the next one has this number, also when the first ones are pruned.
ALTER TABLE run ADD COLUMN messages INTEGER NOT NULL DEFAULT 0;
