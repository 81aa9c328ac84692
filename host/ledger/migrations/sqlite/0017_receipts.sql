-- Of each lane of a host, the number of its newest transaction: where the answer to a COMMIT was lost, it tells whether the
-- COMMIT was heard. A file answers or it does not, so here nobody writes any; the table is there because it is everywhere.
CREATE TABLE receipt (
    lane       BLOB    NOT NULL PRIMARY KEY,
    number     INTEGER NOT NULL,
    written_at INTEGER NOT NULL
) WITHOUT ROWID;
