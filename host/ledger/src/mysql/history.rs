//! history: the statements of MySQL and MariaDB.

use crate::columns::record_columns;

pub(crate) const RUNS: &str = concat!("SELECT ", record_columns!(), " FROM run");

pub(crate) const RUN: &str = concat!("SELECT ", record_columns!(), " FROM run WHERE id = ?1");

/// What has the run's present fence is in its own row.
pub(crate) const ATTEMPTS: &str = "\
    SELECT attempt.* FROM attempt JOIN run ON run.id = attempt.run_id \
    WHERE run_id = ?1 AND attempt.fence < run.fence ORDER BY attempt.fence";

pub(crate) const LOGS: &str = "SELECT attempt, \"lines\", dropped FROM log WHERE run_id = ?1 ORDER BY fence";

/// The keys find the occurrence and its backfill; what has another key has a small index of its own.
pub(crate) const OCCURRENCE: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM ( \
      SELECT id FROM run FORCE INDEX (run_key) WHERE key_hash IN (?3, ?4) \
      UNION SELECT id FROM run FORCE INDEX (run_span) WHERE schedule = ?1 AND due_until >= ?2 AND due_at <= ?2 \
      UNION SELECT id FROM run FORCE INDEX (run_due) WHERE schedule = ?1 AND due_at = ?2 AND (items > 0 OR cause = 1) \
      ) AS found STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = found.id ORDER BY run.id DESC"
);

/// `ORDER BY … LIMIT` goes straight to the end of the index; a maximum would read all that the schedule ever ran.
pub(crate) const LAST_RUNS: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM schedule STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = \
      (SELECT begun.id FROM run AS begun FORCE INDEX (run_begun) WHERE begun.schedule = schedule.name AND begun.begun = 1 \
       ORDER BY begun.id DESC LIMIT 1) \
      WHERE removed_at IS NULL ORDER BY name"
);

pub(crate) const STATUS: &str = "\
    SELECT queue, CAST(sum(ready) AS SIGNED) AS ready, CAST(sum(running) AS SIGNED) AS running, min(waiting) AS waiting \
    FROM ( \
        SELECT queue, count(*) AS ready, 0 AS running, min(not_before) AS waiting FROM run FORCE INDEX (run_ready) \
        WHERE state = 0 GROUP BY queue \
        UNION ALL \
        SELECT queue, 0, count(*), NULL FROM run FORCE INDEX (run_lapsing) WHERE state = 1 GROUP BY queue) AS either \
    GROUP BY queue ORDER BY queue";

/// How a listing goes on: which index it takes, and the beginning of its conditions.
pub(crate) const OF_A_CHAIN: &str = " FORCE INDEX (run_chain) WHERE chain IS NOT NULL";
pub(crate) const READY: &str = " FORCE INDEX (run_ready) WHERE 1 = 1";
pub(crate) const RUNNING: &str = " FORCE INDEX (run_lapsing) WHERE 1 = 1";
pub(crate) const FAILED: &str = " FORCE INDEX (run_failed) WHERE 1 = 1";
pub(crate) const ANY: &str = " WHERE 1 = 1";
