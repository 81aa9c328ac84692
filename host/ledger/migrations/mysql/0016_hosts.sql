-- The hosts that share the ledger, by what each said of itself last. Only people read it: nothing is decided by it.
CREATE TABLE host (
    -- random: one process
    id          BINARY(16) NOT NULL PRIMARY KEY,
    name        LONGTEXT     NOT NULL,
    version     LONGTEXT     NOT NULL,
    -- by the host's own clock
    started_at  BIGINT     NOT NULL,
    -- by the ledger's: when it was heard of last, and until when it counts as living
    seen_at     BIGINT     NOT NULL,
    lease_until BIGINT     NOT NULL,
    -- how far its clock is ahead of the ledger's
    skew_ms     BIGINT,
    -- JSON; no queues stand for all
    roles       LONGTEXT     NOT NULL,
    queues      LONGTEXT,
    labels      LONGTEXT     NOT NULL,
    plugins     LONGTEXT   NOT NULL,
    draining    BIGINT     NOT NULL,
    ended_at    BIGINT
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};
