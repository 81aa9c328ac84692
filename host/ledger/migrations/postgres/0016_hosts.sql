-- The hosts that share the ledger, by what each said of itself last. Only people read it: nothing is decided by it.
CREATE TABLE host (
    -- random: one process
    id          uuid   NOT NULL PRIMARY KEY,
    name        text   NOT NULL,
    version     text   NOT NULL,
    -- by the host's own clock
    started_at  bigint NOT NULL,
    -- by the ledger's: when it was heard of last, and until when it counts as living
    seen_at     bigint NOT NULL,
    lease_until bigint NOT NULL,
    -- how far its clock is ahead of the ledger's
    skew_ms     bigint,
    -- JSON; no queues stand for all
    roles       text   NOT NULL,
    queues      text,
    labels      text   NOT NULL,
    plugins     text   NOT NULL,
    draining    bigint NOT NULL,
    ended_at    bigint
);
