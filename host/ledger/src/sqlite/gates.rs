//! gates: the statements of SQLite.

pub(crate) const BOUND: &str = "UPDATE schedule SET concurrency = ?2 WHERE name = ?1 AND concurrency IS NOT ?2";

/// What is under lease counts, too.
pub(crate) const REGATE: &str = "\
    UPDATE run SET gate = CASE WHEN ?2 THEN schedule || '/' ELSE '' END || coalesce(runs_on, '') \
    WHERE schedule = ?1 AND state < 2";

/// `0` comes right after `/`: all gates of the schedule, whatever is asked of the host.
pub(crate) const SCHEDULES: &str = "\
    SELECT name, concurrency, (SELECT count(*) FROM run INDEXED BY run_gated \
                               WHERE state = 1 AND gate <> '' AND gate >= name || '/' AND gate < name || '0') AS running \
    FROM schedule WHERE name IN (SELECT value FROM json_each(?1)) AND concurrency IS NOT NULL";

pub(crate) const QUEUES: &str = "\
    SELECT queue, count(*) AS running FROM run INDEXED BY run_lapsing \
    WHERE state = 1 AND queue IN (SELECT value FROM json_each(?1)) GROUP BY queue";

/// A file has one writer: nobody has to be kept out, and nothing to be locked.
pub(crate) const LOCK: &str = "";
pub(crate) const ADD: &str = "";

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 3] {
    [REGATE, SCHEDULES, QUEUES]
}
