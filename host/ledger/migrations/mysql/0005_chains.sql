-- Calls that follow one another. Each call and each group of a chain is a link; the id of a call is that of its run, which
-- is there once the call is reached. Ids of one chain ascend in the order in which it was written.
CREATE TABLE link (
    id      BINARY(16) NOT NULL PRIMARY KEY,
    chain   BINARY(16) NOT NULL,
    -- where in the chain, such as then[0].group[3]: what lies within begins with it
    path    LONGTEXT   NOT NULL,
    -- the run or group it comes after, and after which end: 0 success, 1 any other
    after   BINARY(16),
    branch  TINYINT    NOT NULL CHECK (branch BETWEEN 0 AND 1),
    -- the group that waits for it, and whose member's result its own is
    waiter  BINARY(16),
    member  BIGINT,
    -- of a call; what is called is gone once it has a run
    handler VARCHAR(300),
    errand  LONGTEXT,
    -- of a group: how many calls and groups have yet to succeed
    missing BIGINT,
    -- 0 waiting, 1 made, 2 unreached, 3 succeeded, 4 failed; the last two are of groups
    state   TINYINT    NOT NULL CHECK (state BETWEEN 0 AND 4),
    why     LONGTEXT,
    INDEX link_chain   (chain),
    INDEX link_next    (after, branch),
    INDEX link_waiting (state, chain, path(255)),
    INDEX link_member  (waiter, member)
) ENGINE=InnoDB ROW_FORMAT=DYNAMIC DEFAULT CHARACTER SET utf8mb4 COLLATE {bytes};

-- The chain a run belongs to, and what came before it.
ALTER TABLE run
    ADD COLUMN chain  BINARY(16),
    ADD COLUMN origin LONGTEXT,
    ADD INDEX run_chain (chain);
