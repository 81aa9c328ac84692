//! settle: the statements of PostgreSQL.

/// What was asked to stop does not become ready again: its next attempt would only be cancelled. Rows are locked in the order of
/// their ids: a heartbeat may meet the ends.
pub(crate) const END: &str = "\
    WITH told AS MATERIALIZED ( \
        SELECT (value ->> 0)::uuid AS id, (value ->> 1)::uuid AS host, (value ->> 2)::bigint AS fence, value \
        FROM jsonb_array_elements($1::jsonb) AS value), \
    ended AS MATERIALIZED ( \
        SELECT run.id, told.value FROM told JOIN run ON run.id = told.id \
        WHERE run.state + 0 = 1 AND run.host = told.host AND run.fence = told.fence ORDER BY run.id FOR NO KEY UPDATE OF run) \
    UPDATE run SET \
        state = CASE WHEN value ->> 3 = '0' AND cancel_asked = 1 THEN 4 ELSE (value ->> 3)::bigint END, \
        attempt = attempt - CASE WHEN value ->> 4 = '1' AND cancel_asked = 0 THEN 1 ELSE 0 END, \
        not_before = coalesce((value ->> 5)::bigint, not_before), \
        lease_until = NULL, reason = value ->> 6, \
        started_at = (value ->> 7)::bigint, finished_at = (value ->> 8)::bigint, outcome = value ->> 9, \
        plugin_name = value ->> 10, plugin_version = value ->> 11, plugin_sha256 = value ->> 12, \
        wall_ms = (value ->> 13)::bigint, cpu_ms = (value ->> 14)::bigint, peak_memory_bytes = (value ->> 15)::bigint, \
        provenance = value ->> 16, fuel = (value ->> 18)::bigint \
    FROM ended WHERE run.id = ended.id \
    RETURNING run.id, state, schedule, handler, due_at, items, chain";

pub(crate) const ARCHIVE: &str = "\
    INSERT INTO attempt (run_id, fence, attempt, outcome, plugin_name, plugin_version, plugin_sha256, started_at, \
                         finished_at, wall_ms, cpu_ms, peak_memory_bytes, provenance, host, fuel) \
    SELECT (value ->> 0)::uuid, (value ->> 2)::bigint, (value ->> 17)::bigint, value ->> 9, value ->> 10, value ->> 11, \
           value ->> 12, (value ->> 7)::bigint, (value ->> 8)::bigint, (value ->> 13)::bigint, (value ->> 14)::bigint, \
           (value ->> 15)::bigint, value ->> 16, (value ->> 1)::uuid, (value ->> 18)::bigint \
    FROM jsonb_array_elements($1::jsonb) AS value";

pub(crate) const LOG: &str = "\
    INSERT INTO log (run_id, fence, attempt, lines, dropped) \
    SELECT (value ->> 0)::uuid, (value ->> 1)::bigint, (value ->> 2)::bigint, value ->> 3, (value ->> 4)::bigint \
    FROM jsonb_array_elements($1::jsonb) AS value";

/// Two hosts may have successes of the same schedules: rows are locked in the order of their names.
pub(crate) const SUCCESS: &str = "\
    WITH done AS MATERIALIZED ( \
        SELECT value ->> 0 AS name, max((value ->> 1)::bigint) AS due_at FROM jsonb_array_elements($1::jsonb) AS value \
        GROUP BY 1), \
    newer AS MATERIALIZED ( \
        SELECT schedule.name, done.due_at FROM done JOIN schedule ON schedule.name = done.name \
        WHERE schedule.last_success_due IS NULL OR schedule.last_success_due < done.due_at \
        ORDER BY schedule.name FOR NO KEY UPDATE OF schedule) \
    UPDATE schedule SET last_success_due = newer.due_at FROM newer WHERE schedule.name = newer.name";
