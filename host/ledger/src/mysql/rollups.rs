//! rollups: the statements of MySQL and MariaDB.

macro_rules! ended {
    () => {
        "SELECT id, schedule, handler, finished_at, state, reason, wall_ms, coalesce(due_count, 1) AS times "
    };
}

pub(crate) const MARK: &str = "SELECT finished_at, run_id, revision FROM rollup_mark";

/// Up to an instant; what is noted as late is counted by its note.
pub(crate) const NEXT: &str = concat!(
    ended!(),
    "FROM run FORCE INDEX (run_over) WHERE state >= 2 AND finished_at >= ?1 AND (finished_at > ?1 OR id > ?2) \
     AND finished_at <= ?3 AND NOT EXISTS (SELECT 1 FROM rollup_late WHERE run_id = run.id) \
     ORDER BY finished_at, id LIMIT ?4"
);
/// What ended before the mark.
pub(crate) const LATE: &str = concat!(
    ended!(),
    "FROM rollup_late STRAIGHT_JOIN run ON run.id = run_id WHERE state >= 2 AND finished_at < ?1 ORDER BY id LIMIT ?2"
);
pub(crate) const NOTE: &str = "\
    INSERT IGNORE INTO rollup_late (run_id) \
    SELECT unhex(told.id) FROM json_table(?1, '$[*]' COLUMNS (id CHAR(32) PATH '$')) AS told";
pub(crate) const FORGET: &str = "\
    DELETE rollup_late FROM json_table(?1, '$[*]' COLUMNS (id CHAR(32) PATH '$')) AS told \
    STRAIGHT_JOIN rollup_late FORCE INDEX (PRIMARY) ON rollup_late.run_id = unhex(told.id)";

/// Only if nobody has counted since the look.
pub(crate) const MOVE: &str =
    "UPDATE rollup_mark SET finished_at = ?1, run_id = ?2, revision = revision + 1 WHERE revision = ?3";
pub(crate) const ADD: &str = "\
    INSERT INTO rollup (schedule, handler, since, state, reason, ends, wall_ms, wall_ms_max) \
    SELECT told.schedule, told.handler, told.since, told.state, told.reason, told.ends, told.wall_ms, told.wall_ms_max \
    FROM json_table(?1, '$[*]' COLUMNS ( \
        schedule VARCHAR(255) CHARACTER SET utf8mb4 PATH '$[0]', handler VARCHAR(300) CHARACTER SET utf8mb4 PATH '$[1]', \
        since BIGINT PATH '$[2]', state BIGINT PATH '$[3]', reason VARCHAR(64) CHARACTER SET utf8mb4 PATH '$[4]', \
        ends BIGINT PATH '$[5]', wall_ms BIGINT PATH '$[6]', wall_ms_max BIGINT PATH '$[7]')) AS told \
    ON DUPLICATE KEY UPDATE ends = rollup.ends + told.ends, wall_ms = rollup.wall_ms + told.wall_ms, \
        wall_ms_max = greatest(rollup.wall_ms_max, told.wall_ms_max)";

pub(crate) const COUNTS: &str = "\
    SELECT since, state, reason, ends, wall_ms, wall_ms_max FROM rollup \
    WHERE schedule = ?1 AND handler = ?2 AND since >= ?3 AND since < ?4 ORDER BY since, state, reason";
/// What nobody has counted yet: of all the earliest, of one the newest.
pub(crate) const REST: &str = concat!(
    ended!(),
    "FROM run FORCE INDEX (run_over) WHERE state >= 2 AND finished_at >= ?1 AND (finished_at > ?1 OR id > ?2) \
     ORDER BY finished_at, id LIMIT ?3"
);
pub(crate) const REST_OF_ONE: &str = concat!(
    ended!(),
    "FROM (SELECT * FROM run FORCE INDEX (run_schedule) WHERE schedule = ?4 ORDER BY id DESC LIMIT ?3) AS lately \
     WHERE state >= 2 AND finished_at >= ?1 AND (finished_at > ?1 OR id > ?2)"
);

macro_rules! brief {
    () => {
        "SELECT id, schedule, handler, due_at, cause, state, attempt, started_at, finished_at, wall_ms FROM run "
    };
}
pub(crate) const LATEST: &str = concat!(
    brief!(),
    "FORCE INDEX (run_over) WHERE state >= 2 AND finished_at >= ?1 ORDER BY finished_at DESC, id DESC LIMIT ?2"
);
/// Of one schedule; how it goes on is put together for each of them.
pub(crate) const NEWEST: &str = concat!(brief!(), "FORCE INDEX (run_schedule) WHERE state >= 2 AND schedule = ");
pub(crate) const NEWEST_FIRST: &str = " ORDER BY id DESC LIMIT ";

pub(crate) const PRUNE: &str = "DELETE FROM rollup WHERE since < ?1 ORDER BY since LIMIT ?2";
