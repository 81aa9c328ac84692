//! again: the statements of SQLite.

/// The rows of a claim's own runs, as far as they tell what became of it.
pub(crate) const OWN: &str = "\
    SELECT id, state, host, fence, queued, not_before, started_at, created_at, reason FROM run \
    WHERE id IN (SELECT unhex(value) FROM json_each(?1))";

/// How attempts ended that were settled: those of the rows themselves, and those after which something came.
pub(crate) const SETTLED: &str = "\
    WITH told AS MATERIALIZED ( \
        SELECT unhex(value ->> 0) AS id, unhex(value ->> 1) AS host, value ->> 2 AS fence FROM json_each(?1)) \
    SELECT run.id, run.state, run.finished_at, run.outcome FROM told \
    JOIN run ON run.id = told.id AND run.host = told.host AND run.fence = told.fence \
    WHERE run.state <> 1 AND run.outcome IS NOT NULL AND run.finished_at IS NOT NULL \
    UNION ALL \
    SELECT told.id, 0, attempt.finished_at, attempt.outcome FROM told \
    JOIN attempt ON attempt.run_id = told.id AND attempt.fence = told.fence AND attempt.host = told.host";

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 2] {
    [OWN, SETTLED]
}
