//! again: the statements of MySQL.

/// The rows of a claim's own runs, as far as they tell what became of it.
pub(crate) const OWN: &str = "\
    SELECT id, state, host, fence, queued, not_before, started_at, created_at, reason FROM run \
    WHERE id IN (SELECT unhex(told.id) FROM json_table(?1, '$[*]' COLUMNS (id CHAR(32) PATH '$')) AS told)";

/// How attempts ended that were settled: those of the rows themselves, and those after which something came.
pub(crate) const SETTLED: &str = "\
    SELECT run.id, run.state, run.finished_at, run.outcome \
    FROM json_table(?1, '$[*]' COLUMNS (id CHAR(32) PATH '$[0]', host CHAR(32) PATH '$[1]', fence BIGINT PATH '$[2]')) \
         AS told \
    JOIN run ON run.id = unhex(told.id) AND run.host = unhex(told.host) AND run.fence = told.fence \
    WHERE run.state <> 1 AND run.outcome IS NOT NULL AND run.finished_at IS NOT NULL \
    UNION ALL \
    SELECT attempt.run_id, 0, attempt.finished_at, attempt.outcome \
    FROM json_table(?1, '$[*]' COLUMNS (id CHAR(32) PATH '$[0]', host CHAR(32) PATH '$[1]', fence BIGINT PATH '$[2]')) \
         AS told \
    JOIN attempt ON attempt.run_id = unhex(told.id) AND attempt.fence = told.fence AND attempt.host = unhex(told.host)";
