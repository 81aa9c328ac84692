//! lease: the statements of PostgreSQL.

use crate::columns::order_columns;

/// Another host may be writing some off: it has them.
pub(crate) const EXPIRING: &str = "\
    SELECT id, begins_by, schedule, handler, due_at FROM run WHERE state = 0 AND begins_by < $1 ORDER BY begins_by, id LIMIT $2 \
    FOR UPDATE SKIP LOCKED";
pub(crate) const EXPIRE: &str = "\
    UPDATE run SET state = 6, finished_at = $2, reason = late.value ->> 1 \
    FROM jsonb_array_elements($1::jsonb) AS late (value) \
    WHERE run.id = (late.value ->> 0)::uuid AND run.state + 0 = 0 RETURNING run.id, run.state, run.chain";

/// Whoever was leased once is not queued any more: it has begun, and stands before all that has not.
pub(crate) const TAKE: &str = concat!(
    "UPDATE run SET state = 1, host = $1, fence = fence + 1, attempt = attempt + 1, lease_until = $2, \
     started_at = $3, finished_at = NULL, plugin_name = NULL, plugin_version = NULL, plugin_sha256 = NULL, \
     wall_ms = 0, cpu_ms = 0, peak_memory_bytes = 0, fuel = NULL, provenance = NULL, queued = 0 \
     WHERE id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text($4::json) AS value)) AND state + 0 = 0 \
     RETURNING fence, attempt, items, messages, \
     (SELECT last_success_due FROM schedule WHERE name = run.schedule) AS last_success_due, ",
    order_columns!()
);

/// The rows of these leases, locked in the order of their ids: a heartbeat and the ends of attempts may meet.
macro_rules! held {
    () => {
        "WITH held AS MATERIALIZED ( \
            SELECT run.id FROM jsonb_array_elements($1::jsonb) AS told (value) JOIN run ON run.id = (told.value ->> 0)::uuid \
            WHERE run.state + 0 = 1 AND run.host = (told.value ->> 1)::uuid AND run.fence = (told.value ->> 2)::bigint \
            ORDER BY run.id FOR NO KEY UPDATE OF run) "
    };
}

pub(crate) const KEEP: &str = concat!(
    held!(),
    "UPDATE run SET lease_until = $2 FROM held WHERE run.id = held.id RETURNING run.id, run.cancel_asked"
);

/// What was asked to stop does not become ready again.
pub(crate) const GIVE_BACK: &str = concat!(
    held!(),
    "UPDATE run SET state = CASE WHEN cancel_asked = 1 THEN 4 ELSE 0 END, attempt = attempt - 1, host = NULL, \
                    lease_until = NULL, started_at = NULL, finished_at = CASE WHEN cancel_asked = 1 THEN $2::bigint END \
     FROM held WHERE run.id = held.id RETURNING run.id, run.state, run.chain"
);

pub(crate) const LAPSED: &str = concat!(
    "SELECT host, fence, attempt, ",
    order_columns!(),
    " FROM run WHERE state = 1 AND lease_until <= $1 ORDER BY lease_until, id LIMIT $2"
);

pub(crate) const STATE: &str = "SELECT state, chain FROM run WHERE id = $1 FOR NO KEY UPDATE";
pub(crate) const CANCEL_READY: &str = "UPDATE run SET state = 4, finished_at = $2 WHERE id = $1 AND state + 0 = 0";
pub(crate) const ASK: &str = "UPDATE run SET cancel_asked = 1 WHERE id = $1 AND state + 0 = 1";
