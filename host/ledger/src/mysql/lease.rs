//! lease: the statements of MySQL and MariaDB.

use crate::columns::order_columns;

/// Nobody else changes them before they are written off.
pub(crate) const EXPIRING: &str = "\
    SELECT id, begins_by, schedule, handler, due_at FROM run FORCE INDEX (run_expiring) WHERE state = 0 AND begins_by < ?1 \
    ORDER BY begins_by, id LIMIT ?2 FOR UPDATE SKIP LOCKED";

macro_rules! late {
    () => {
        "json_table(?1, '$[*]' COLUMNS (hex CHAR(32) PATH '$[0]', reason LONGTEXT CHARACTER SET utf8mb4 PATH '$[1]')) AS late \
         STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = unhex(late.hex)"
    };
}

pub(crate) const EXPIRE: &str = concat!(
    "SELECT run.id, 6 AS state, run.chain FROM ",
    late!(),
    " WHERE run.state = 0 FOR UPDATE; \
     UPDATE ",
    late!(),
    " SET run.state = 6, run.finished_at = ?2, run.reason = late.reason WHERE run.state = 0"
);

macro_rules! chosen {
    () => {
        "json_table(?4, '$[*]' COLUMNS (hex CHAR(32) PATH '$')) AS chosen STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = unhex(chosen.hex)"
    };
}

/// Whoever was leased once is not queued any more: it has begun, and stands before all that has not. What was chosen is locked.
pub(crate) const TAKE: &str = concat!(
    "SELECT fence + 1 AS fence, attempt + 1 AS attempt, items, messages, \
            (SELECT last_success_due FROM schedule WHERE schedule.name = run.schedule) AS last_success_due, ",
    order_columns!(),
    " FROM ",
    chosen!(),
    " WHERE run.state = 0 FOR UPDATE; \
     UPDATE ",
    chosen!(),
    " SET state = 1, host = ?1, fence = fence + 1, attempt = attempt + 1, lease_until = ?2, started_at = ?3, \
          finished_at = NULL, plugin_name = NULL, plugin_version = NULL, plugin_sha256 = NULL, wall_ms = 0, cpu_ms = 0, \
          peak_memory_bytes = 0, fuel = NULL, provenance = NULL, queued = 0 \
      WHERE run.state = 0"
);

macro_rules! held {
    () => {
        "json_table(?1, '$[*]' COLUMNS (hex CHAR(32) PATH '$[0]', host CHAR(32) PATH '$[1]', fence BIGINT PATH '$[2]')) AS held \
         STRAIGHT_JOIN run FORCE INDEX (PRIMARY) ON run.id = unhex(held.hex)"
    };
}
macro_rules! holds {
    () => {
        " WHERE run.state = 1 AND run.host = unhex(held.host) AND run.fence = held.fence"
    };
}

pub(crate) const KEEP: &str = concat!(
    "SELECT run.id, run.cancel_asked FROM ",
    held!(),
    holds!(),
    " FOR UPDATE; UPDATE ",
    held!(),
    " SET run.lease_until = ?2",
    holds!()
);

/// What was asked to stop does not become ready again.
pub(crate) const GIVE_BACK: &str = concat!(
    "SELECT run.id, CASE WHEN run.cancel_asked THEN 4 ELSE 0 END AS state, run.chain FROM ",
    held!(),
    holds!(),
    " FOR UPDATE; UPDATE ",
    held!(),
    " SET run.state = CASE WHEN run.cancel_asked THEN 4 ELSE 0 END, run.attempt = run.attempt - 1, run.host = NULL, \
          run.lease_until = NULL, run.started_at = NULL, run.finished_at = CASE WHEN run.cancel_asked THEN ?2 END",
    holds!()
);

pub(crate) const LAPSED: &str = concat!(
    "SELECT host, fence, attempt, ",
    order_columns!(),
    " FROM run FORCE INDEX (run_lapsing) WHERE state = 1 AND lease_until <= ?1 ORDER BY lease_until, id LIMIT ?2"
);

pub(crate) const STATE: &str = "SELECT state, chain FROM run WHERE id = ?1 FOR UPDATE";
pub(crate) const CANCEL_READY: &str = "UPDATE run SET state = 4, finished_at = ?2 WHERE id = ?1 AND state = 0";
pub(crate) const ASK: &str = "UPDATE run SET cancel_asked = 1 WHERE id = ?1 AND state = 1";
