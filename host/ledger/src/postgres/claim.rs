//! claim: the statements of PostgreSQL.

pub(crate) const LOCK: &str = "\
    SELECT name FROM schedule WHERE name = ANY (ARRAY(SELECT json_array_elements_text($1::json))) \
    ORDER BY name FOR NO KEY UPDATE";

pub(crate) const KEYS: &str = "\
    SELECT key_hash, id, state FROM run \
    WHERE key_hash = ANY (ARRAY(SELECT decode(value, 'hex') FROM json_array_elements_text($1::json) AS value))";

/// Of the live runs, those that are in the way first: of the queued ones and of the others.
pub(crate) const SCHEDULES: &str = "\
    SELECT wanted.name, live.id, live.state, live.fence, live.not_before, live.queued, \
           schedule.last_success_due, schedule.cursor, schedule.runs, schedule.concurrency \
    FROM json_array_elements_text($1::json) AS wanted (name) \
    LEFT JOIN schedule ON schedule.name = wanted.name \
    LEFT JOIN LATERAL ( \
        (SELECT id, state, fence, not_before, queued FROM run WHERE state < 2 AND schedule = wanted.name AND queued = 0 \
         ORDER BY state DESC, fence = 0, not_before, id LIMIT 1) \
        UNION ALL \
        (SELECT id, state, fence, not_before, queued FROM run WHERE state < 2 AND schedule = wanted.name AND queued = 1 \
         ORDER BY not_before, id LIMIT 1)) AS live ON true";

/// All of them, for the policies that count or replace them. What is ready is kept ready until it is replaced; if another host
/// has just begun with it, it is seen as running. What is running is not kept: its end would wait for this claim, and this
/// claim for its end.
pub(crate) const LIVE: &str = "\
    WITH wanted AS MATERIALIZED (SELECT ARRAY(SELECT json_array_elements_text($1::json)) AS names), \
    waiting AS MATERIALIZED ( \
        SELECT id FROM run WHERE state < 2 AND state + 0 = 0 AND schedule = ANY ((SELECT names FROM wanted)::text[])), \
    kept AS MATERIALIZED ( \
        SELECT run.schedule AS name, run.id, run.state, run.fence, run.not_before, run.queued \
        FROM waiting JOIN run ON run.id = waiting.id WHERE run.state + 0 < 2 ORDER BY run.id FOR NO KEY UPDATE OF run) \
    SELECT * FROM kept UNION ALL \
    SELECT schedule, id, state, fence, not_before, queued FROM run \
    WHERE state < 2 AND state + 0 = 1 AND schedule = ANY ((SELECT names FROM wanted)::text[])";

/// An earlier attempt stays in the record; the end is that of the run.
pub(crate) const REPLACE: &str = "\
    UPDATE run SET state = 4, finished_at = $2, reason = gone.value ->> 1 \
    FROM jsonb_array_elements($1::jsonb) AS gone (value) \
    WHERE run.id = (gone.value ->> 0)::uuid AND run.state + 0 = 0";

/// Also what becomes ready again meanwhile: whoever takes it up hears of it.
pub(crate) const ASK: &str = "\
    UPDATE run SET cancel_asked = 1 \
    WHERE id = ANY (ARRAY(SELECT value::uuid FROM json_array_elements_text($1::json) AS value)) AND state + 0 < 2";

/// Never back: a slower host may come with an older pass. The rows are locked already.
pub(crate) const ADVANCE: &str = "\
    UPDATE schedule SET cursor = greatest(schedule.cursor, (moved.value ->> 1)::bigint), \
                        runs = schedule.runs + (moved.value ->> 2)::bigint \
    FROM jsonb_array_elements($1::jsonb) AS moved (value) WHERE schedule.name = moved.value ->> 0";
