//! again: the statements of MySQL and MariaDB.

/// The rows of a claim's own runs, as far as they tell what became of it.
pub(crate) const OWN: &str = "\
    SELECT run.id, state, host, fence, queued, not_before, started_at, created_at, reason \
    FROM json_table(?1, '$[*]' COLUMNS (id CHAR(32) PATH '$')) AS told STRAIGHT_JOIN run ON run.id = unhex(told.id)";

macro_rules! told {
    () => {
        "json_table(?1, '$[*]' COLUMNS ( \
            id CHAR(32) PATH '$[0]', host CHAR(32) PATH '$[1]', fence BIGINT PATH '$[2]')) AS told STRAIGHT_JOIN "
    };
}

/// How attempts ended that were settled: those of the rows themselves, and those after which something came.
pub(crate) const SETTLED: &str = concat!(
    "SELECT run.id, run.state, run.finished_at, run.outcome FROM ",
    told!(),
    "run ON run.id = unhex(told.id) \
     WHERE run.host = unhex(told.host) AND run.fence = told.fence AND run.state <> 1 AND run.outcome IS NOT NULL \
       AND run.finished_at IS NOT NULL \
     UNION ALL SELECT attempt.run_id, 0, attempt.finished_at, attempt.outcome FROM ",
    told!(),
    "attempt ON attempt.run_id = unhex(told.id) AND attempt.fence = told.fence \
     WHERE attempt.host = unhex(told.host)"
);
