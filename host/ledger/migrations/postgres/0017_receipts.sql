-- Of each lane of a host, the number of its newest transaction: where the answer to a COMMIT was lost, it tells whether the
-- COMMIT was heard.
CREATE TABLE receipt (
    lane       uuid   NOT NULL PRIMARY KEY,
    number     bigint NOT NULL,
    written_at bigint NOT NULL
    -- Each row changes with each transaction of its lane: the new version finds room beside the old one.
) WITH (fillfactor = 20);
