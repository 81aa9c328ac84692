//! gates: the statements of PostgreSQL.

pub(crate) const BOUND: &str =
    "UPDATE schedule SET concurrency = $2 WHERE name = $1 AND concurrency IS DISTINCT FROM $2::bigint";

/// What is under lease counts, too.
pub(crate) const REGATE: &str = "\
    UPDATE run SET gate = CASE WHEN $2 = 1 THEN schedule || '/' ELSE '' END || coalesce(runs_on, '') \
    WHERE schedule = $1 AND state < 2";

/// `0` comes right after `/`: all gates of the schedule, whatever is asked of the host.
pub(crate) const SCHEDULES: &str = "\
    SELECT name, concurrency, (SELECT count(*) FROM run WHERE state = 1 AND gate <> '' \
                               AND gate >= schedule.name || '/' AND gate < schedule.name || '0') AS running \
    FROM schedule WHERE name = ANY (ARRAY(SELECT json_array_elements_text($1::json))) AND concurrency IS NOT NULL";

pub(crate) const QUEUES: &str = "\
    SELECT queue, count(*) AS running FROM run \
    WHERE state = 1 AND queue = ANY (ARRAY(SELECT json_array_elements_text($1::json))) GROUP BY queue";

pub(crate) const LOCK: &str = "\
    SELECT queue FROM counted_queue WHERE queue = ANY (ARRAY(SELECT json_array_elements_text($1::json))) \
    ORDER BY queue FOR UPDATE";
pub(crate) const ADD: &str = "\
    INSERT INTO counted_queue (queue) SELECT json_array_elements_text($1::json) ON CONFLICT (queue) DO NOTHING";
