//! settle: the statements of PostgreSQL.

/// What was asked to stop does not become ready again: its next attempt would only be cancelled.
pub(crate) const END: &str = "\
    WITH told AS MATERIALIZED (SELECT value FROM json_each(?1)) \
    UPDATE run SET \
        state = CASE WHEN ended.state = 0 AND cancel_asked THEN 4 ELSE ended.state END, \
        attempt = attempt - (ended.uncounted AND NOT cancel_asked), \
        not_before = coalesce(ended.not_before, run.not_before), \
        lease_until = NULL, reason = ended.reason, \
        started_at = ended.started_at, finished_at = ended.finished_at, outcome = ended.outcome, \
        plugin_name = ended.plugin_name, plugin_version = ended.plugin_version, plugin_sha256 = ended.plugin_sha256, \
        wall_ms = ended.wall_ms, cpu_ms = ended.cpu_ms, peak_memory_bytes = ended.peak_memory_bytes, fuel = ended.fuel, \
        provenance = ended.provenance \
    FROM (SELECT unhex(value ->> 0) AS id, unhex(value ->> 1) AS host, value ->> 2 AS fence, value ->> 3 AS state, \
                 value ->> 4 AS uncounted, value ->> 5 AS not_before, value ->> 6 AS reason, value ->> 7 AS started_at, \
                 value ->> 8 AS finished_at, value ->> 9 AS outcome, value ->> 10 AS plugin_name, \
                 value ->> 11 AS plugin_version, value ->> 12 AS plugin_sha256, value ->> 13 AS wall_ms, \
                 value ->> 14 AS cpu_ms, value ->> 15 AS peak_memory_bytes, value ->> 16 AS provenance, value ->> 18 AS fuel \
          FROM told) AS ended \
    WHERE run.id = ended.id AND run.state = 1 AND run.host = ended.host AND run.fence = ended.fence \
    RETURNING id, state, schedule, handler, due_at, items, chain";

pub(crate) const ARCHIVE: &str = "\
    INSERT INTO attempt (run_id, fence, attempt, outcome, plugin_name, plugin_version, plugin_sha256, started_at, \
                         finished_at, wall_ms, cpu_ms, peak_memory_bytes, provenance, host, fuel) \
    SELECT unhex(value ->> 0), value ->> 2, value ->> 17, value ->> 9, value ->> 10, value ->> 11, value ->> 12, \
           value ->> 7, value ->> 8, value ->> 13, value ->> 14, value ->> 15, value ->> 16, unhex(value ->> 1), value ->> 18 \
    FROM json_each(?1)";

pub(crate) const LOG: &str = "\
    INSERT INTO log (run_id, fence, attempt, lines, dropped) \
    SELECT unhex(value ->> 0), value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM json_each(?1)";

pub(crate) const SUCCESS: &str = "\
    UPDATE schedule SET last_success_due = max(coalesce(last_success_due, done.due_at), done.due_at) \
    FROM (SELECT value ->> 0 AS name, max(value ->> 1) AS due_at FROM json_each(?1) GROUP BY 1) AS done \
    WHERE schedule.name = done.name";
