-- Calls that follow one another. Each call and each group of a chain is a link; the id of a call is that of its run, which
-- is there once the call is reached. Ids of one chain ascend in the order in which it was written.
CREATE TABLE link (
    id      uuid   NOT NULL PRIMARY KEY,
    chain   uuid   NOT NULL,
    -- where in the chain, such as then[0].group[3]: what lies within begins with it
    path    text   COLLATE "C" NOT NULL,
    -- the run or group it comes after, and after which end: 0 success, 1 any other
    after   uuid,
    branch  bigint NOT NULL CHECK (branch BETWEEN 0 AND 1),
    -- the group that waits for it, and whose member's result its own is
    waiter  uuid,
    member  bigint,
    -- of a call; what is called is gone once it has a run
    handler text   COLLATE "C",
    errand  text,
    -- of a group: how many calls and groups have yet to succeed
    missing bigint,
    -- 0 waiting, 1 made, 2 unreached, 3 succeeded, 4 failed; the last two are of groups
    state   bigint NOT NULL CHECK (state BETWEEN 0 AND 4),
    why     text
);
CREATE INDEX link_chain   ON link (chain, id);
CREATE INDEX link_next    ON link (after, branch, id);
CREATE INDEX link_waiting ON link (chain, path)    WHERE state = 0;
CREATE INDEX link_member  ON link (waiter, member) WHERE member IS NOT NULL;

-- The chain a run belongs to, and what came before it.
ALTER TABLE run ADD COLUMN chain  uuid;
ALTER TABLE run ADD COLUMN origin text;
CREATE INDEX run_chain ON run (chain, id) WHERE chain IS NOT NULL;
