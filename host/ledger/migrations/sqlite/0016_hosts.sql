-- The hosts that share the ledger, by what each said of itself last. Only people read it: nothing is decided by it.
CREATE TABLE host (
    -- random: one process
    id          BLOB    NOT NULL PRIMARY KEY,
    name        TEXT    NOT NULL,
    version     TEXT    NOT NULL,
    -- by the host's own clock
    started_at  INTEGER NOT NULL,
    -- by the ledger's: when it was heard of last, and until when it counts as living
    seen_at     INTEGER NOT NULL,
    lease_until INTEGER NOT NULL,
    -- how far its clock is ahead of the ledger's
    skew_ms     INTEGER,
    -- JSON; no queues stand for all
    roles       TEXT    NOT NULL,
    queues      TEXT,
    labels      TEXT    NOT NULL,
    plugins     TEXT    NOT NULL,
    draining    INTEGER NOT NULL,
    ended_at    INTEGER
) WITHOUT ROWID;
