//! history: the statements of MySQL and MariaDB.

use crate::columns::record_columns;

pub(crate) const RUNS: &str = concat!("SELECT ", record_columns!(), " FROM run");

pub(crate) const RUN: &str = concat!("SELECT ", record_columns!(), " FROM run WHERE id = ?1");

/// What has the run's present fence is in its own row.
pub(crate) const ATTEMPTS: &str = "\
    SELECT attempt.* FROM attempt JOIN run ON run.id = attempt.run_id \
    WHERE run_id = ?1 AND attempt.fence < run.fence ORDER BY attempt.fence";

pub(crate) const LOGS: &str = "SELECT attempt, lines, dropped FROM log WHERE run_id = ?1 ORDER BY fence";

/// The keys find the occurrence and its backfill; what has another key has a small index of its own.
pub(crate) const OCCURRENCE: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM run WHERE id IN ( \
      SELECT id FROM run WHERE key_hash IN (?3, ?4) \
      UNION SELECT id FROM run WHERE due_count IS NOT NULL AND schedule = ?1 AND due_until >= ?2 AND due_at <= ?2 \
      UNION SELECT id FROM run WHERE items > 0 AND schedule = ?1 AND due_at = ?2 \
      UNION SELECT id FROM run WHERE cause = 1 AND schedule = ?1 AND due_at = ?2) \
      ORDER BY id DESC"
);

pub(crate) const LAST_RUNS: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM schedule CROSS JOIN run ON run.id = \
      (SELECT max(id) FROM run WHERE run.schedule = schedule.name AND started_at IS NOT NULL) \
      WHERE removed_at IS NULL ORDER BY name"
);

pub(crate) const STATUS: &str = "\
    SELECT queue, sum(ready) AS ready, sum(running) AS running, min(waiting) AS waiting FROM ( \
        SELECT queue, count(*) AS ready, 0 AS running, min(not_before) AS waiting FROM run WHERE state = 0 GROUP BY queue \
        UNION ALL \
        SELECT queue, 0, count(*), NULL FROM run INDEXED BY run_lapsing WHERE state = 1 GROUP BY queue) \
    GROUP BY queue ORDER BY queue";

/// How a listing goes on: which index it takes, and the beginning of its conditions.
pub(crate) const OF_A_CHAIN: &str = " INDEXED BY run_chain WHERE chain IS NOT NULL";
pub(crate) const READY: &str = " INDEXED BY run_ready WHERE 1";
pub(crate) const RUNNING: &str = " INDEXED BY run_lapsing WHERE 1";
pub(crate) const FAILED: &str = " INDEXED BY run_failed WHERE 1";
pub(crate) const ANY: &str = " WHERE 1";
