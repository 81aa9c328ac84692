//! history: the statements of PostgreSQL.
//!
//! There are no hints. Where the history would be walked for the few that are not over, these stand in a query of their own
//! (`OFFSET 0` keeps it one), which their small index answers.

use crate::columns::record_columns;

pub(crate) const RUNS: &str = concat!("SELECT ", record_columns!(), " FROM ");

pub(crate) const RUN: &str = concat!("SELECT ", record_columns!(), " FROM run WHERE id = $1");

/// What has the run's present fence is in its own row.
pub(crate) const ATTEMPTS: &str = "\
    SELECT attempt.* FROM attempt JOIN run ON run.id = attempt.run_id \
    WHERE run_id = $1 AND attempt.fence < run.fence ORDER BY attempt.fence";

/// What is left of a run that was pruned is nobody's.
pub(crate) const LOGS: &str = "\
    SELECT attempt, lines, dropped FROM log WHERE run_id = $1 AND EXISTS (SELECT 1 FROM run WHERE id = $1) ORDER BY fence";

/// The keys find the occurrence and its backfill; what has another key has a small index of its own.
pub(crate) const OCCURRENCE: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM run WHERE id IN ( \
      SELECT id FROM run WHERE key_hash IN ($3, $4) \
      UNION SELECT id FROM run WHERE due_count IS NOT NULL AND schedule = $1 AND due_until >= $2 AND due_at <= $2 \
      UNION SELECT id FROM run WHERE items > 0 AND schedule = $1 AND due_at = $2 \
      UNION SELECT id FROM run WHERE cause = 1 AND schedule = $1 AND due_at = $2) \
      ORDER BY id DESC"
);

pub(crate) const LAST_RUNS: &str = concat!(
    "SELECT ",
    record_columns!(),
    " FROM schedule CROSS JOIN LATERAL (SELECT * FROM run WHERE run.schedule = schedule.name AND started_at IS NOT NULL \
      ORDER BY run.schedule DESC, run.id DESC LIMIT 1) AS run WHERE removed_at IS NULL ORDER BY name"
);

pub(crate) const STATUS: &str = "\
    SELECT queue, sum(ready)::bigint AS ready, sum(running)::bigint AS running, min(waiting) AS waiting FROM ( \
        SELECT queue, count(*) AS ready, 0 AS running, min(not_before) AS waiting FROM run WHERE state = 0 GROUP BY queue \
        UNION ALL \
        SELECT queue, 0, count(*), NULL FROM run WHERE state = 1 GROUP BY queue) AS either \
    GROUP BY queue ORDER BY queue";

/// How a listing goes on: what it reads, and the beginning of its conditions.
pub(crate) const OF_A_CHAIN: &str = "run WHERE chain IS NOT NULL";
pub(crate) const READY: &str = "(SELECT * FROM run WHERE state = 0 OFFSET 0) AS run WHERE true";
pub(crate) const RUNNING: &str = "(SELECT * FROM run WHERE state = 1 OFFSET 0) AS run WHERE true";
pub(crate) const FAILED: &str = "run WHERE true";
pub(crate) const ANY: &str = "run WHERE true";
