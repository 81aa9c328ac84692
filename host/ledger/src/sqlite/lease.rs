//! lease: the statements of SQLite.

use crate::columns::order_columns;

pub(crate) const EXPIRING: &str = "SELECT id, begins_by, schedule, handler, due_at FROM run WHERE state = 0 AND begins_by < ?1 ORDER BY begins_by, id LIMIT ?2";
pub(crate) const EXPIRE: &str = "\
    UPDATE run SET state = 6, finished_at = ?2, reason = late.reason \
    FROM (SELECT unhex(value ->> 0) AS id, value ->> 1 AS reason FROM json_each(?1)) AS late \
    WHERE run.id = late.id AND run.state = 0 RETURNING id, state, chain";

/// Whoever was leased once is not queued any more: it has begun, and stands before all that has not.
pub(crate) const TAKE: &str = concat!(
    "UPDATE run SET state = 1, host = ?1, fence = fence + 1, attempt = attempt + 1, lease_until = ?2, \
     started_at = ?3, finished_at = NULL, plugin_name = NULL, plugin_version = NULL, plugin_sha256 = NULL, \
     wall_ms = 0, cpu_ms = 0, peak_memory_bytes = 0, fuel = NULL, provenance = NULL, queued = 0 \
     WHERE id IN (SELECT unhex(value) FROM json_each(?4)) AND state = 0 \
     RETURNING fence, attempt, items, messages, \
     (SELECT last_success_due FROM schedule WHERE name = run.schedule) AS last_success_due, ",
    order_columns!()
);

pub(crate) const KEEP: &str = "\
    UPDATE run SET lease_until = ?2 \
    FROM (SELECT unhex(value ->> 0) AS id, unhex(value ->> 1) AS host, value ->> 2 AS fence FROM json_each(?1)) AS held \
    WHERE run.id = held.id AND run.state = 1 AND run.host = held.host AND run.fence = held.fence \
    RETURNING id, cancel_asked";

/// What was asked to stop does not become ready again.
pub(crate) const GIVE_BACK: &str = "\
    UPDATE run SET state = CASE WHEN cancel_asked THEN 4 ELSE 0 END, attempt = attempt - 1, host = NULL, \
                   lease_until = NULL, started_at = NULL, finished_at = CASE WHEN cancel_asked THEN ?2 END \
    FROM (SELECT unhex(value ->> 0) AS id, unhex(value ->> 1) AS host, value ->> 2 AS fence FROM json_each(?1)) AS held \
    WHERE run.id = held.id AND run.state = 1 AND run.host = held.host AND run.fence = held.fence \
    RETURNING id, state, chain";

pub(crate) const LAPSED: &str = concat!(
    "SELECT host, fence, attempt, ",
    order_columns!(),
    " FROM run WHERE state = 1 AND lease_until <= ?1 ORDER BY lease_until, id LIMIT ?2"
);

pub(crate) const STATE: &str = "SELECT state, chain FROM run WHERE id = ?1";
pub(crate) const CANCEL_READY: &str = "UPDATE run SET state = 4, finished_at = ?2 WHERE id = ?1 AND state = 0";
pub(crate) const ASK: &str = "UPDATE run SET cancel_asked = 1 WHERE id = ?1 AND state = 1";

#[cfg(test)]
pub(super) fn statements() -> [&'static str; 9] {
    [EXPIRING, EXPIRE, TAKE, KEEP, GIVE_BACK, LAPSED, STATE, CANCEL_READY, ASK]
}
