-- What handlers handed over to be sent, written with the end of the attempt that counts. The number `seq` is the order in
-- which messages were written; the body stands last, so that a listing reads past it.
CREATE TABLE message (
    seq         BIGINT       NOT NULL AUTO_INCREMENT PRIMARY KEY,
    -- the fire's key and the message's number: sent as idempotency key
    id          VARCHAR(255) NOT NULL,
    run_id      BINARY(16)   NOT NULL,
    plugin      VARCHAR(255) NOT NULL,
    trace_id    VARCHAR(255) NOT NULL,
    -- 0 waiting, 1 sending, 2 sent, 3 dead, 4 dropped
    state       TINYINT      NOT NULL DEFAULT 0 CHECK (state BETWEEN 0 AND 4),
    attempts    BIGINT       NOT NULL DEFAULT 0,
    not_before  BIGINT       NOT NULL,
    give_up_at  BIGINT       NOT NULL,
    -- the lease
    host        BINARY(16),
    fence       BIGINT       NOT NULL DEFAULT 0,
    lease_until BIGINT,
    -- what came of the newest try
    status      BIGINT,
    answer      LONGTEXT,
    created_at  BIGINT       NOT NULL,
    ended_at    BIGINT,
    -- the request; of what was sent or dropped only where to and how long is kept
    method      LONGTEXT     NOT NULL,
    destination LONGTEXT     NOT NULL,
    bytes       BIGINT       NOT NULL,
    url         LONGTEXT     NOT NULL,
    headers     LONGTEXT     NOT NULL,
    body        LONGBLOB     NOT NULL,
    UNIQUE INDEX message_id (id),
    INDEX message_due     (state, not_before),
    INDEX message_lapsing (state, lease_until),
    INDEX message_dead    (state),
    INDEX message_over    (state, ended_at),
    INDEX message_run     (run_id),
    INDEX message_plugin  (plugin)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- How many messages the attempts of a run have left: the next one has this number, also when the first ones are pruned.
ALTER TABLE run ADD COLUMN messages BIGINT NOT NULL DEFAULT 0;
