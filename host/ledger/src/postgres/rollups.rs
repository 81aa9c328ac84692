//! rollups: the statements of PostgreSQL.

macro_rules! ended {
    () => {
        "SELECT id, schedule, handler, finished_at, state, reason, wall_ms, coalesce(due_count, 1) AS times "
    };
}

pub(crate) const MARK: &str = "SELECT finished_at, run_id, revision FROM rollup_mark";

/// Up to an instant; what is noted as late is counted by its note.
pub(crate) const NEXT: &str = concat!(
    ended!(),
    "FROM run WHERE state >= 2 AND (finished_at, id) > ($1, $2) AND finished_at <= $3 AND NOT EXISTS (SELECT 1 FROM rollup_late WHERE run_id = run.id) \
     ORDER BY finished_at, id LIMIT $4"
);
/// What ended before the mark.
pub(crate) const LATE: &str = concat!(
    ended!(),
    "FROM rollup_late JOIN run ON run.id = run_id WHERE state >= 2 AND finished_at < $1 ORDER BY id LIMIT $2"
);
pub(crate) const NOTE: &str = "INSERT INTO rollup_late (run_id) SELECT value::uuid FROM json_array_elements_text($1::json) ON CONFLICT DO NOTHING";
pub(crate) const FORGET: &str =
    "DELETE FROM rollup_late WHERE run_id IN (SELECT value::uuid FROM json_array_elements_text($1::json))";

/// Only if nobody has counted since the look.
pub(crate) const MOVE: &str =
    "UPDATE rollup_mark SET finished_at = $1, run_id = $2, revision = revision + 1 WHERE revision = $3";
pub(crate) const ADD: &str = "\
    INSERT INTO rollup (schedule, handler, since, state, reason, ends, wall_ms, wall_ms_max) \
    SELECT value ->> 0, value ->> 1, (value ->> 2)::bigint, (value ->> 3)::bigint, value ->> 4, (value ->> 5)::bigint, \
           (value ->> 6)::bigint, (value ->> 7)::bigint FROM jsonb_array_elements($1::jsonb) AS value \
    ON CONFLICT (schedule, handler, since, state, reason) DO UPDATE SET ends = rollup.ends + excluded.ends, \
        wall_ms = rollup.wall_ms + excluded.wall_ms, wall_ms_max = greatest(rollup.wall_ms_max, excluded.wall_ms_max)";

pub(crate) const COUNTS: &str = "\
    SELECT since, state, reason, ends, wall_ms, wall_ms_max FROM rollup \
    WHERE schedule = $1 AND handler = $2 AND since >= $3 AND since < $4 ORDER BY since, state, reason";
/// What nobody has counted yet: of all the earliest, of one the newest.
pub(crate) const REST: &str = concat!(
    ended!(),
    "FROM run WHERE state >= 2 AND (finished_at, id) > ($1, $2) \
     ORDER BY finished_at, id LIMIT $3"
);
pub(crate) const REST_OF_ONE: &str = concat!(
    ended!(),
    "FROM (SELECT * FROM run WHERE schedule = $4 ORDER BY schedule DESC, id DESC LIMIT $3) AS lately \
     WHERE state >= 2 AND (finished_at, id) > ($1, $2)"
);

macro_rules! brief {
    () => {
        "SELECT id, schedule, handler, due_at, cause, state, attempt, started_at, finished_at, wall_ms FROM run "
    };
}
pub(crate) const LATEST: &str =
    concat!(brief!(), "WHERE state >= 2 AND finished_at >= $1 ORDER BY finished_at DESC, id DESC LIMIT $2");
/// Of one schedule; how it goes on is put together for each of them.
pub(crate) const NEWEST: &str = concat!(brief!(), "WHERE state >= 2 AND schedule = ");
pub(crate) const NEWEST_FIRST: &str = " ORDER BY schedule DESC, id DESC LIMIT ";

pub(crate) const PRUNE: &str = "DELETE FROM rollup WHERE (schedule, handler, since, state, reason) IN \
    (SELECT schedule, handler, since, state, reason FROM rollup WHERE since < $1 ORDER BY since LIMIT $2 FOR UPDATE SKIP LOCKED)";
